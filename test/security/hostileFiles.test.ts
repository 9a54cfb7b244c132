/** Files from outside that want more than to be read. The formats themselves are attacked beside their readers and in test/fuzz/. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CaseId, RunId, UploadId } from '../../main/contract/vocabulary.ts';
import { readVolumeFile } from '../../main/dataset/read/volumeFile.ts';
import { readModelBundle } from '../../main/workers/modelBundle.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'maskloop-hostile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const sources = (...places: string[]) =>
  execFileSync('git', ['ls-files', '--', ...places], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((path) => /\.(ts|svelte)$/.test(path) && !/\.test\.ts$/.test(path));

it.each(['../up', '..', '.', '/etc', 'a/b', 'a\\b', '=1+1', '+1', '-1', '@x', '<b>', 'a b', '', 'a\u0000', 'ä'])(
  'names that become paths, addresses and cells are harmless: %j is none',
  (name) => {
    for (const schema of [CaseId, RunId, UploadId]) expect(schema.safeParse(name).success).toBe(false);
  },
);

it('a header that promises more voxels than there are is refused before memory is taken', async () => {
  const header = Buffer.alloc(352);
  header.writeInt32LE(348, 0);
  [3, 32767, 32767, 32767, 1, 1, 1, 1].forEach((value, n) => header.writeInt16LE(value, 40 + 2 * n));
  header.writeInt16LE(16, 70);
  header.writeInt16LE(32, 72);
  header.writeFloatLE(352, 108);
  header.write('n+1\0', 344, 'latin1');
  const file = join(folder, 'giant.nii');
  writeFileSync(file, header);
  const before = process.memoryUsage().rss;
  await expect(readVolumeFile(file)).rejects.toMatchObject({ error: { code: expect.stringMatching(/^import\//) as string } });
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
});

describe('a model from elsewhere', () => {
  it('that is a graph (a SavedModel is code) is no bundle', async () => {
    const file = join(folder, 'model.maskloop');
    // the beginning of a real saved_model.pb: schema version, then a MetaGraphDef with the op ReadFile
    writeFileSync(file, Buffer.concat([Buffer.from([0x08, 0x01, 0x12, 0x20]), Buffer.from('\n\x08ReadFile\x12\x08ReadFile'), Buffer.alloc(64)]));
    await expect(readModelBundle(file)).rejects.toMatchObject({ error: { code: expect.stringMatching(/^(disk\/corrupt|model\/unusable)$/) as string } });
  });

  it('never reaches TensorFlow as a graph: one place loads graphs, and only what this program has just written', () => {
    const loading = sources('main', 'models', 'electron', 'renderer').filter((path) =>
      /loadSavedModel\(|loadGraphModel|loadLayersModel/.test(readFileSync(join(root, path), 'utf8')),
    );
    expect(loading).toEqual(['main/compute/session.ts']);
    const text = readFileSync(join(root, loading[0]!), 'utf8');
    expect(text).toMatch(/mkdtempSync\([^)]*\)[\s\S]*writeFileSync\(join\(folder, 'saved_model\.pb'\), graph\.savedModel\)[\s\S]*loadSavedModel\(folder/);
  });

  it('brings no op with it: a bundle has arrays and JSON, its networks are built from the plan', () => {
    expect(readFileSync(join(root, 'main/workers/modelBundle.ts'), 'utf8')).not.toMatch(/savedModel|GraphDef|eval\(|new Function|require\(/);
  });
});

it('the window shows text as text: nothing writes HTML', () => {
  const writing = sources('renderer').filter((path) =>
    /\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc/.test(readFileSync(join(root, path), 'utf8')),
  );
  expect(writing).toEqual([]);
});

it('nothing runs text as code, and no program is started through a shell', () => {
  const running = sources('main', 'models', 'electron', 'renderer').filter((path) =>
    /\beval\(|new Function\(|vm\.run|import \{[^}]*\bexec(Sync)?\b[^}]*\} from 'node:child_process'|shell: true/.test(readFileSync(join(root, path), 'utf8')),
  );
  expect(running).toEqual([]);
});
