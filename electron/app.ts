/** Entry of the desktop shell: one instance, services first, then the window. Only this file knows where the bundle lies. */
import { app, BrowserWindow, dialog } from 'electron';
import { join, resolve } from 'node:path';
import { describeError } from '../main/contract/describeError.ts';
import { createClusters } from '../main/cluster/openCluster.ts';
import { computeEnvironment } from '../main/host/computeEnvironment.ts';
import { createGpuRuntimeAbility } from '../main/host/gpuRuntimeAbility.ts';
import { currentUserName } from '../main/host/currentUserName.ts';
import { locateProgram } from '../main/host/programPaths.ts';
import { createServices } from '../main/services/createServices.ts';
import type { Services } from '../main/services/services.ts';
import { declareAssetScheme, serveAssets } from './assetProtocol.ts';
import { createUtilityComputeHost } from './computeHost.ts';
import { connectIpc } from './ipc.ts';
import { installMenu } from './menu.ts';
import { openedFile, OpenRequest, openRequest } from './openRequest.ts';
import { lockDownContents, lockDownSession, openMainWindow } from './windows.ts';

const program = locateProgram(__dirname);
const preloadScript = join(__dirname, 'preload.cjs');

// Before the instance lock: the lock belongs to the state folder.
if (process.env.MASKLOOP_STATE) app.setPath('userData', resolve(process.env.MASKLOOP_STATE));
const request = openRequest(process.argv, process.env, process.cwd());
/** Once the services are there it opens at once; until then it waits for them. */
const waiting = [request];
let openHere = (asked: OpenRequest): void => void waiting.push(asked);

// Who may start programs can debug them; but no shortcut or link that a person was talked into shall open this door.
const isDebugged = ['remote-debugging-port', 'remote-debugging-pipe'].some((name) => app.commandLine.hasSwitch(name));

if (app.isPackaged && isDebugged) app.exit(1);
else if (app.requestSingleInstanceLock(request)) run();
else app.exit(0); // the running instance shows itself

function run(): void {
  // Every page, also one that we never meant to open. Chromium itself has none for root (containers, tests).
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
  declareAssetScheme();
  app.on('web-contents-created', (_event, contents) => lockDownContents(contents));
  // macOS tells of files by this event, also of the one that the program was started with.
  app.on('open-file', (event, path) => {
    event.preventDefault();
    openHere(openedFile(path));
  });
  app.whenReady().then(start).catch(reportAndLeave);
}

async function start(): Promise<void> {
  await lockDownSession();
  const services = createServices({
    compute: createUtilityComputeHost(program.computeScript, () => computeEnvironment(app.getPath('userData'))),
    clusters: createClusters(program.version, program.computeScript),
    host: {
      shell: 'electron',
      version: program.version,
      userName: currentUserName(),
      stateFolder: app.getPath('userData'),
      pickFolder,
      gpuRuntime: createGpuRuntimeAbility(app.getPath('userData'), (environment) => createUtilityComputeHost(program.computeScript, environment)),
    },
  });
  closeServicesBeforeLeaving(services);
  connectIpc(services);
  serveAssets(program.rendererFolder, services.bulk);
  installMenu();
  for (const asked of waiting) await open(services, asked);
  openHere = (asked) => void open(services, asked);
  openMainWindow(preloadScript);
  app.on('second-instance', (_event, _argv, _folder, data) => {
    showWindow();
    const asked = OpenRequest.safeParse(data);
    if (asked.success) openHere(asked.data);
  });
  app.on('activate', showWindow);
  app.on('window-all-closed', () => app.quit());
}

function showWindow(): void {
  const [window] = BrowserWindow.getAllWindows();
  if (!window) openMainWindow(preloadScript);
  else {
    if (window.isMinimized()) window.restore();
    window.focus();
  }
}

async function open(services: Services, { project, images }: OpenRequest): Promise<void> {
  services.openImages(images);
  if (project) await openProject(services, project);
}

async function openProject(services: Services, folder: string): Promise<void> {
  const opened = await services.handlers['project.open']({ folder, takeOver: false });
  if (opened.ok) return;
  // The window opens all the same: its start page offers other projects.
  if (opened.error.code === 'project/passphrase-needed') services.askForPassphrase(folder);
  else void tell('The project could not be opened', describeError(opened.error));
}

async function pickFolder(title: string): Promise<string | null> {
  const options: Electron.OpenDialogOptions = { title, properties: ['openDirectory', 'createDirectory'] };
  const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
  const { canceled, filePaths } = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options));
  return canceled ? null : (filePaths[0] ?? null);
}

/** Jobs checkpoint and the database closes before the process ends, however it was asked to end. */
function closeServicesBeforeLeaving(services: Services): void {
  let isClosing = false;
  app.on('will-quit', (event) => {
    event.preventDefault();
    if (isClosing) return;
    isClosing = true;
    services
      .close()
      .then(() => app.exit(0))
      .catch(reportAndLeave);
  });
}

/** On the terminal for scripts, in a box for people; does not block the process as `showErrorBox` would. */
async function tell(title: string, detail: string): Promise<void> {
  console.error(`${title}: ${detail}`);
  if (app.isReady()) await dialog.showMessageBox({ type: 'error', title: 'Maskloop', message: title, detail });
}

function reportAndLeave(thrown: unknown): void {
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  void tell('Maskloop has to close', detail).finally(() => app.exit(1));
}
