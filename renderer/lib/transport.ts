/** How the user interface reaches the services: Electron's preload bridge, else HTTP on the same origin. */
import { AppEvent } from '../../main/contract/api.ts';
import { WindowId } from '../../main/contract/journal.ts';

/** What the preload script exposes as `window.maskloop`. */
export interface Bridge {
  call(name: string, input: unknown): Promise<unknown>;
  /** Returns the unsubscribe function. */
  onEvent(callback: (event: unknown) => void): () => void;
  /** Where a file or folder lies that was dropped; empty when it lies nowhere. */
  droppedPath(file: File): string;
  readonly windowId: string;
}

declare global {
  interface Window {
    readonly maskloop?: Bridge;
  }
}

let ownWindowId: WindowId | null = null;

/** Of this page; after a reload it is another. */
export const windowId = (): WindowId => (ownWindowId ??= WindowId.parse(window.maskloop?.windowId ?? crypto.randomUUID()));

async function callOverHttp(name: string, input: unknown): Promise<unknown> {
  const response = await fetch('/api/call', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name, input }) });
  // The session on a shared workstation ended: its page for signing in is the way on.
  if (response.status === 401) location.assign('/login');
  return response.json();
}

/** The browser reconnects by itself after a lost connection; `onReconnect` tells that events may have been missed. */
function eventsOverHttp(callback: (event: unknown) => void, onReconnect: () => void): () => void {
  const source = new EventSource(`/api/events?window=${windowId()}`);
  let opened = false;
  source.addEventListener('open', () => {
    if (opened) onReconnect();
    opened = true;
  });
  source.addEventListener('message', (message: MessageEvent<string>) => callback(JSON.parse(message.data)));
  return () => source.close();
}

export const callServices = (name: string, input: unknown): Promise<unknown> =>
  window.maskloop ? window.maskloop.call(name, input) : callOverHttp(name, input);

/** On a workstation that several people share. */
export async function signOut(): Promise<void> {
  await fetch('/logout', { method: 'POST', redirect: 'manual' });
  location.assign('/login');
}

/** One subscription for the whole page; an event that does not fit the contract is a defect and is thrown. */
export function subscribeToEvents(callback: (event: AppEvent) => void, onReconnect: () => void): () => void {
  const checked = (raw: unknown): void => callback(AppEvent.parse(raw));
  return window.maskloop ? window.maskloop.onEvent(checked) : eventsOverHttp(checked, onReconnect);
}

/** Of what was dropped onto the page; `null` in a browser, which does not tell. */
export const droppedPaths = (files: Iterable<File>): string[] | null => {
  const { maskloop } = window;
  return maskloop ? [...files].map((file) => maskloop.droppedPath(file)).filter(Boolean) : null;
};
