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
    const named = [...readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8').matchAll(/`((?:[\w.-]+\/)+[\w.-]*|[\w-]+\.(?:ts|mjs|md|json|yml))`/g)].map(
      (match) => match[1]!,
    );
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

  it('the contents of a project pass the vault: who reads or writes files without it has a reason', () => {
    const reasons: Record<string, string> = {
      'main/dataset/atomicFile.ts': 'a folder, to sync it',
      'main/dataset/databaseBytes.ts': 'the database, which is encrypted by itself',
      'main/dataset/effortLog.ts': 'asks for the key first',
      'main/dataset/encryption/databaseSeals.ts': 'the database, which is encrypted by itself',
      'main/dataset/journal/copyJournal.ts': 'frames, each sealed',
      'main/dataset/journal/journalFrames.ts': 'frames, each sealed',
      'main/dataset/journal/strokeJournals.ts': 'frames, each sealed',
      'main/dataset/migrations.ts': 'the database, to sync it',
      'main/dataset/projectLock.ts': 'who has the project open: readable on purpose',
      'main/dataset/read/codecModule.ts': 'program',
      'main/dataset/revisionTable.ts': 'a folder, to sync it',
      'main/dataset/scan/unpackZip.ts': 'an archive of the user',
      'main/dicomNetwork/dimseAssociation.ts': 'a certificate of the user',
      'main/dicomNetwork/webRequest.ts': 'a certificate of the user',
      'main/services/labelServices.ts': 'a sealed file copied as it is',
      'main/services/nodeBook.ts': 'settings of the user',
      'main/services/preferencesFile.ts': 'settings of the user',
      'main/services/recentProjects.ts': 'settings of the user',
      'main/services/userBook.ts': 'settings of the user',
      'main/workers/availableMemory.ts': 'the kernel',
      'main/workers/mailbox.ts': 'not made where a project is encrypted',
      'main/workers/tensorboardFile.ts': 'not made where a project is encrypted',
      'main/workers/voteFile.ts': 'planes, each sealed',
    };
    const direct =
      /import \{[^}]*\b(?:readFile|writeFile|appendFile|open|createReadStream|createWriteStream|readFileSync|writeFileSync|appendFileSync|openSync)\b[^}]*\} from 'node:fs(?:\/promises)?'/;
    const files = ['dataset', 'workers', 'services', 'dicomNetwork', 'export', 'jobs'].flatMap((folder) =>
      (readdirSync(join(root, 'main', folder), { recursive: true }) as string[]).map((name) => `main/${folder}/${name.replaceAll('\\', '/')}`),
    );
    const found = files.filter(
      (path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.includes('/testing/') && direct.test(readFileSync(join(root, path), 'utf8')),
    );
    expect(found.sort()).toEqual(Object.keys(reasons).sort());
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
