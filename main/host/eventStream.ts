import type { ServerResponse } from 'node:http';
import type { WindowId } from '../contract/journal.ts';
import type { Services } from '../services/services.ts';
import { securityHeaders } from './securityHeaders.ts';

/** A browser that does not read for this long a backlog is cut off; EventSource connects again by itself. */
const maxBacklogBytes = 8 * 1024 * 1024;

/**
 * Answers `GET /api/events`: one `data:` line of JSON (`AppEvent`) per event, a comment now and then as
 * heartbeat. Ends when the visitor is no longer in. While it is open the window that asked is there.
 */
export function streamEvents(
  response: ServerResponse,
  services: Services,
  windowId: WindowId | null,
  heartbeatMs: number,
  isStillIn: () => Promise<boolean>,
): void {
  response.writeHead(200, { ...securityHeaders, 'Content-Type': 'text/event-stream; charset=utf-8' });
  response.write('retry: 1000\n\n');
  const send = (text: string): void => {
    if (response.writableLength > maxBacklogBytes) response.destroy();
    else response.write(text);
  };
  const leave = windowId ? services.windows.arrive(windowId) : () => undefined;
  const unsubscribe = services.subscribe((event) => send(`data: ${JSON.stringify(event)}\n\n`));
  // Keeps proxies and sleeping laptops from taking the silent line for a dead one.
  const heartbeat = setInterval(() => {
    isStillIn().then(
      (isIn) => (isIn ? send(': heartbeat\n\n') : response.destroy()),
      () => response.destroy(),
    );
  }, heartbeatMs);
  response.once('close', () => {
    clearInterval(heartbeat);
    unsubscribe();
    leave();
  });
}
