import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { defaultStateFolder, locateProgram } from './programPaths.ts';

it('finds the parts of the build from the folder of a bundle; in a package the compute script lies beside the archive', () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-paths-'));
  for (const root of [join(folder, 'checkout'), join(folder, 'resources/app.asar')]) {
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, 'package.json'), '{ "name": "maskloop", "version": "1.2.3" }');
  }
  const checkout = locateProgram(join(folder, 'checkout/dist/main'));
  expect(checkout.version).toBe('1.2.3');
  expect(checkout.computeScript).toBe(join(folder, 'checkout/dist/main/compute.cjs'));
  expect(checkout.rendererFolder).toBe(join(folder, 'checkout/dist/renderer'));
  const packed = locateProgram(join(folder, 'resources/app.asar/dist/electron'));
  expect(packed.computeScript).toBe(join(folder, 'resources/app.asar.unpacked/dist/main/compute.cjs'));
  rmSync(folder, { recursive: true });
});

it('keeps user state where Electron keeps it, unless MASKLOOP_STATE says otherwise', () => {
  expect(defaultStateFolder({ MASKLOOP_STATE: '/state' }, 'linux')).toBe('/state');
  expect(defaultStateFolder({ XDG_CONFIG_HOME: '/config' }, 'linux')).toBe('/config/maskloop');
  expect(defaultStateFolder({}, 'linux')).toBe(join(homedir(), '.config/maskloop'));
  expect(defaultStateFolder({}, 'darwin')).toBe(join(homedir(), 'Library/Application Support/maskloop'));
});
