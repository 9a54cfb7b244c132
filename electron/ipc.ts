import { BrowserWindow, ipcMain, type WebContents, type WebFrameMain } from 'electron';
import { WindowId } from '../main/contract/journal.ts';
import { err } from '../main/contract/errors.ts';
import { callService } from '../main/services/callService.ts';
import type { Services } from '../main/services/services.ts';
import { isOwnUrl } from './assetProtocol.ts';

/** One channel for all calls of the contract, so both checks (sender, input) stand in front of every service. */
export function connectIpc(services: Services): void {
  ipcMain.handle('app:call', (event, name: unknown, input: unknown) => {
    if (!isTrusted(event.senderFrame)) throw new Error('untrusted sender');
    if (typeof name !== 'string') return err({ code: 'contract/bad-input', issues: ['the name of a call is a string'] });
    return callService(services.handlers, name, input);
  });
  const leaving = new WeakMap<WebContents, () => void>();
  ipcMain.on('app:here', (event, raw: unknown) => {
    const windowId = WindowId.safeParse(raw);
    if (!isTrusted(event.senderFrame) || !windowId.success) return;
    const { sender } = event;
    const leave = services.windows.arrive(windowId.data);
    // the page that was here before, if this one was reloaded
    leaving.get(sender)?.();
    leaving.set(sender, leave);
    sender.once('render-process-gone', leave);
    sender.once('destroyed', leave);
  });
  services.subscribe((event) => {
    for (const window of BrowserWindow.getAllWindows()) window.webContents.send('app:event', event);
  });
}

/** Only the top frame of our own page; a frame that has gone by now is `null`. */
function isTrusted(frame: WebFrameMain | null): boolean {
  return frame !== null && frame.parent === null && isOwnUrl(frame.url);
}
