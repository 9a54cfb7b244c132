import { BrowserWindow, ipcMain, type WebFrameMain } from 'electron';
import { err } from '../main/contract/errors.ts';
import { callService } from '../main/services/callService.ts';
import type { Services } from '../main/services/services.ts';
import { isOwnUrl } from './assetProtocol.ts';

/** One channel for all calls of the contract, so both checks (sender, input) stand in front of every service. */
export function connectIpc(services: Services): void {
  ipcMain.handle('app:call', (event, name: unknown, input: unknown) => {
    if (!isTrusted(event.senderFrame)) throw new Error('untrusted sender');
    if (typeof name !== 'string')
      return err({ code: 'contract/bad-input', issues: ['the name of a call is a string'] });
    return callService(services.handlers, name, input);
  });
  services.subscribe((event) => {
    for (const window of BrowserWindow.getAllWindows()) window.webContents.send('app:event', event);
  });
}

/** Only the top frame of our own page; a frame that has gone by now is `null`. */
function isTrusted(frame: WebFrameMain | null): boolean {
  return frame !== null && frame.parent === null && isOwnUrl(frame.url);
}
