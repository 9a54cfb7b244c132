/** The only bridge into the page: contract calls out, events in, where dropped files lie. Everything is checked on the other side. */
import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron';
import { droppedPath } from './droppedPath.ts';

/** Of this page; after a reload it is another. Only secure pages can make one, as ours is; no other is answered. */
const windowId = 'randomUUID' in crypto ? crypto.randomUUID() : '';
let isAnnounced = false;

contextBridge.exposeInMainWorld('maskloop', {
  windowId,
  call(name: unknown, input: unknown): Promise<unknown> {
    // Not while this script is loaded: Electron 22 then takes the frame for the blank one before it, and refuses all it says once that is gone.
    if (!isAnnounced) ipcRenderer.send('app:here', windowId);
    isAnnounced = true;
    return ipcRenderer.invoke('app:call', name, input);
  },
  /** Returns the unsubscribe function. */
  onEvent(callback: (event: unknown) => void): () => void {
    const listener = (_event: IpcRendererEvent, appEvent: unknown): void => callback(appEvent);
    ipcRenderer.on('app:event', listener);
    return () => void ipcRenderer.removeListener('app:event', listener);
  },
  droppedPath: (file: unknown): string => (file instanceof File ? droppedPath(file) : ''),
});
