/** What electron-builder.yml and the window promise of a packaged program; the rest is seen in the running one (electron.test.ts). */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

it.each([
  ['runAsNode', false],
  ['enableCookieEncryption', true],
  ['enableNodeOptionsEnvironmentVariable', false],
  ['enableNodeCliInspectArguments', false],
  ['enableEmbeddedAsarIntegrityValidation', true],
  ['onlyLoadAppFromAsar', true],
  ['loadBrowserProcessSpecificV8Snapshot', false],
  ['grantFileProtocolExtraPrivileges', false],
])('a packaged program has the fuse %s', (fuse, state) => {
  expect(read('electron-builder.yml')).toMatch(new RegExp(`^electronFuses:\\n(?: {2}.*\\n)* {2}${fuse}: ${state}$`, 'm'));
});

it('a packaged program has no developer tools and does not start under a remote debugger', () => {
  expect(read('electron/windows.ts')).toContain('devTools: !app.isPackaged');
  expect(read('electron/app.ts')).toContain('if (app.isPackaged && isDebugged) app.exit(1);');
});

it('only electron/ knows Electron, and it listens on two channels, each of which asks who speaks', () => {
  const source = read('electron/ipc.ts');
  const channels = [...source.matchAll(/ipcMain\.(?:on|handle|once)\('([^']+)'/g)].map((match) => match[1]);
  expect(channels).toEqual(['app:call', 'app:here']);
  expect([...source.matchAll(/isTrusted\(event\.senderFrame\)/g)]).toHaveLength(channels.length);
});
