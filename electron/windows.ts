import { app, BrowserWindow, dialog, session } from 'electron';
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
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: !app.isPackaged,
      // Jobs report while another window covers ours.
      backgroundThrottling: false,
    },
  });
  // The page objects: strokes are not saved, or jobs would stop. Without an answer the window could not be closed at all.
  window.webContents.on('will-prevent-unload', (event) => {
    const question = { type: 'question', title: 'Maskloop', buttons: ['Keep it open', 'Close all the same'], defaultId: 0, cancelId: 0 } as const;
    const message = 'Strokes are not saved, or jobs are still running.';
    const detail = 'Closing drops the strokes and stops the jobs. A training goes on from its last checkpoint when it is resumed.';
    if (dialog.showMessageBoxSync(window, { ...question, buttons: [...question.buttons], message, detail }) === 1) event.preventDefault();
  });
  void window.loadURL(startUrl);
  return window;
}

/** Refuses whatever a page could do beyond showing our own bundle. The workstation is offline by design. */
export async function lockDownSession(): Promise<void> {
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  defaultSession.setPermissionCheckHandler(() => false);
  defaultSession.setDevicePermissionHandler(() => false);
  // What the page made may be saved: the user is asked where.
  defaultSession.on('will-download', (event, item) => {
    if (!item.getURL().startsWith(`blob:${startUrl}`)) event.preventDefault();
  });
  defaultSession.setSpellCheckerEnabled(false);
  defaultSession.webRequest.onBeforeRequest({ urls: ['<all_urls>'] }, ({ url }, decide) => decide({ cancel: !isOwnRequest(url) }));
  // WebRTC asks none of the above. Whatever still wants to leave is sent to a proxy that does not exist, names unresolved.
  await defaultSession.setProxy({ mode: 'fixed_servers', proxyRules: 'socks5://127.0.0.1:1', proxyBypassRules: '<-loopback>' });
}

/** What the page made itself (`blob:`, `data:`) does not leave the process. */
function isOwnRequest(url: string): boolean {
  return isOwnUrl(url) || url.startsWith(`blob:${startUrl}`) || url.startsWith('data:') || (!app.isPackaged && url.startsWith('devtools:'));
}

/** For every page that ever appears: stays on our origin, opens no windows, embeds nothing. */
export function lockDownContents(contents: Electron.WebContents): void {
  const stay = (event: Electron.Event, url: string): void => {
    if (!isOwnUrl(url)) event.preventDefault();
  };
  contents.on('will-navigate', stay);
  // Electron 22 does not know it; there the policy of the page keeps frames out.
  contents.on('will-frame-navigate', (event) => stay(event, event.url));
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.on('select-bluetooth-device', (event) => event.preventDefault());
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
