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
    const detail =
      'Closing stops the jobs; a training goes on from its last checkpoint when it is resumed. The strokes are offered when their case is opened again.';
    if (dialog.showMessageBoxSync(window, { ...question, buttons: [...question.buttons], message, detail }) === 1) event.preventDefault();
  });
  reloadAfterCrash(window);
  void window.loadURL(startUrl);
  return window;
}

const CRASHES_IN_A_ROW = 3;
const ROW_MS = 60_000;

/** What was painted stands in the journal of its case and is offered by the page that comes. A page that goes again and again waits for the user. */
function reloadAfterCrash(window: BrowserWindow): void {
  const crashesMs: number[] = [];
  window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return;
    console.error(`the page of the window ended (${reason}, ${exitCode}); it is loaded again`);
    crashesMs.push(Date.now());
    if (crashesMs.length < CRASHES_IN_A_ROW || Date.now() - crashesMs.at(-CRASHES_IN_A_ROW)! > ROW_MS) return void window.loadURL(startUrl);
    const message = 'The window stopped working several times.';
    const detail = `Reason: ${reason}. Saved masks are unharmed, and strokes that were not saved are offered when their case is opened again.`;
    void dialog
      .showMessageBox(window, { type: 'error', title: 'Maskloop', message, detail, buttons: ['Load it again', 'Close'], defaultId: 0, cancelId: 1 })
      .then(({ response }) => {
        if (response === 0) void window.loadURL(startUrl);
        else window.destroy();
      });
  });
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
