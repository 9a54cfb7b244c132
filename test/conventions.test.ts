/**
 * A border check that sees nothing is green too (TypeScript 7 blinds dependency-cruiser and svelte-check), so each
 * tool is shown a planted violation and must object.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname ?? __dirname, '..');
const bin = (name: string) => join(root, 'node_modules/.bin', name);
let planted = '';

function outputOf(command: string, args: readonly string[]): { failed: boolean; text: string } {
  try {
    return { failed: false, text: execFileSync(command, args, { cwd: planted, encoding: 'utf8', stdio: 'pipe' }) };
  } catch (thrown) {
    const { stdout, stderr } = thrown as { stdout: string; stderr: string };
    return { failed: true, text: stdout + stderr };
  }
}

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(planted, path)), { recursive: true });
  writeFileSync(join(planted, path), text);
}

describe('the checks can see', () => {
  beforeAll(() => {
    // not below node_modules: svelte-check skips every file there
    planted = realpathSync(mkdtempSync(join(tmpdir(), 'maskloop-planted-')));
    symlinkSync(join(root, 'node_modules'), join(planted, 'node_modules'));
    cpSync(join(root, '.dependency-cruiser.cjs'), join(planted, '.dependency-cruiser.cjs'));
    cpSync(join(root, 'tsconfig.json'), join(planted, 'tsconfig.json'));
    plant('package.json', '{ "type": "module" }');
    plant('renderer/lib/secret.ts', 'export type Secret = string;\n');
    plant('main/imaging/planted.ts', "import type { Secret } from '../../renderer/lib/secret.ts';\nexport const s: Secret = 'x';\n");
    plant('main/nnunet/disk.ts', "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n");
    plant('renderer/Planted.svelte', '<script lang="ts">\n  const count: number = "three";\n</script>\n<p>{count}</p>\n');
  });
  afterAll(() => rmSync(planted, { recursive: true, force: true }));

  it('dependency-cruiser reports a forbidden type-only import and a core module in pure code', () => {
    const { failed, text } = outputOf(bin('depcruise'), ['--config', '.dependency-cruiser.cjs', 'main', 'renderer']);
    expect(failed).toBe(true);
    expect(text).toContain('layers:main/imaging');
    expect(text).toContain('core-touches-no-disk');
  });

  it('svelte-check reports a type error inside a .svelte file', () => {
    const { failed, text } = outputOf(bin('svelte-check'), ['--tsconfig', './tsconfig.json', '--threshold', 'error']);
    expect(failed).toBe(true);
    expect(text).toMatch(/Planted\.svelte/);
    expect(text).toMatch(/not assignable to type 'number'/);
  });
});

describe('the map is the tree', () => {
  it('every path named in ARCHITECTURE.md exists', () => {
    const named = [...readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8').matchAll(/`((?:[\w.-]+\/)+[\w.-]*|[\w-]+\.(?:ts|mjs|md|json|yml))`/g)].map((match) => match[1]!);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('the diagram of the data flow has every folder that the borders are drawn between, and no other', () => {
    const diagram = /```mermaid\n([\s\S]*?)```/.exec(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'))![1]!;
    const drawn = [...diagram.matchAll(/\b(?:main|renderer)\/\w+|\bmodels(?=")|\belectron\b/g)].map(([folder]) => folder);
    const table = /const MAY = \{([\s\S]*?)\n\};/.exec(readFileSync(join(root, '.dependency-cruiser.cjs'), 'utf8'))![1]!;
    const borders = [...table.matchAll(/^ {2}'?([\w/]+)'?: \[/gm)].map((match) => match[1]!);
    expect(borders.length).toBeGreaterThan(15);
    expect([...new Set(drawn)].sort()).toEqual([...new Set(borders)].sort());
    expect(borders.filter((folder) => !existsSync(join(root, folder)))).toEqual([]);
  });

  it('each source folder has a README of at most 40 lines', () => {
    for (const folder of ['electron', 'main', 'models', 'renderer', 'test', 'bench', 'scripts']) {
      const readme = join(root, folder, 'README.md');
      expect(existsSync(readme), readme).toBe(true);
      expect(readFileSync(readme, 'utf8').split('\n').length, readme).toBeLessThanOrEqual(41);
    }
  });

  it('nothing over 1 MB lies in the tree', () => {
    const large = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
      .split('\n')
      .filter((path) => path && existsSync(join(root, path)) && statSync(join(root, path)).size > 1_000_000);
    expect(large).toEqual([]);
    expect(readdirSync(root)).toContain('package-lock.json');
  });
});
