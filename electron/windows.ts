import { BrowserWindow, session } from 'electron';
import { isOwnUrl, startUrl } from './assetProtocol.ts';

/** Opens the window of the workstation. */
export function openMainWindow(preloadScript: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 900,
    minHeight: 600,
    title: 'Maskloop',
    // The dark of the page, so that the start does not flash.
    backgroundColor: '#14161a',
    webPreferences: {
      preload: preloadScript,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      spellcheck: false,
      // Jobs report while another window covers ours.
      backgroundThrottling: false,
    },
  });
  void window.loadURL(startUrl);
  return window;
}

/** Refuses whatever a page could do beyond showing our own bundle. The workstation is offline by design. */
export function lockDownSession(): void {
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  defaultSession.setPermissionCheckHandler(() => false);
  const network = { urls: ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*', 'ftp://*/*', 'file://*/*'] };
  defaultSession.webRequest.onBeforeRequest(network, (_details, decide) => decide({ cancel: true }));
}

/** For every page that ever appears: stays on our origin, opens no windows, embeds nothing. */
export function lockDownContents(contents: Electron.WebContents): void {
  contents.on('will-navigate', (event, url) => {
    if (!isOwnUrl(url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
