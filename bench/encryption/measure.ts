/** What encryption at rest costs: MB/s of sealed files, and the time of importing, saving and opening, with and without a passphrase. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CaseId, Grid } from '../../main/contract/vocabulary.ts';
import { writeFileAtomic } from '../../main/dataset/atomicFile.ts';
import { createProject, openProject } from '../../main/dataset/projectStore.ts';
import { readLabelmap, readStoredImage, writeLabelmap, writeStoredChannel } from '../../main/dataset/storedVolume.ts';
import { openVault } from '../../main/vault/keyring.ts';
import { readFile, streamFile } from '../../main/vault/readSealed.ts';

const MEGABYTES = 256;
const ROUNDS = 5;
const DIMS = [512, 512, 300] as const;
const PASSPHRASE = 'a passphrase to measure with';
const root = mkdtempSync(join(tmpdir(), 'maskloop-encryption-bench-'));

async function bestSeconds(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const beganMs = performance.now();
    await work();
    times.push((performance.now() - beganMs) / 1000);
  }
  return Math.min(...times);
}

async function files(): Promise<void> {
  const content = randomBytes(MEGABYTES * 1e6);
  mkdirSync(join(root, 'sealed'));
  const close = openVault({ folder: join(root, 'sealed'), key: randomBytes(32), names: null });
  console.log(`| ${MEGABYTES} MB, best of ${ROUNDS} | plain | sealed |\n|---|---|---|`);
  const row = async (what: string, work: (path: string) => Promise<unknown>): Promise<void> => {
    const speeds = [await bestSeconds(() => work(join(root, 'plain'))), await bestSeconds(() => work(join(root, 'sealed', 'a')))].map(
      (seconds) => `${Math.round(MEGABYTES / seconds)} MB/s`,
    );
    console.log(`| ${what} | ${speeds.join(' | ')} |`);
  };
  await row('write, fsync, rename', (path) => writeFileAtomic(path, content));
  await row('read whole', (path) => readFile(path));
  await row('stream, as to the viewer', async (path) => {
    for await (const chunk of streamFile(path)) void chunk;
  });
  close();
}

async function project(passphrase?: string): Promise<Record<string, number>> {
  const folder = join(root, passphrase === undefined ? 'open-project' : 'encrypted-project');
  const beganMs = performance.now();
  const store = await createProject(folder, 'bench', Date.now(), undefined, passphrase);
  const create = (performance.now() - beganMs) / 1000;
  const grid = Grid.parse({ dimsIjk: DIMS, spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
  const count = DIMS[0] * DIMS[1] * DIMS[2];
  const image = Int16Array.from({ length: count }, (_, n) => (n * 7919) % 2000);
  const labels = Uint8Array.from({ length: count }, (_, n) => (n % 9000 < 300 ? 1 : 0));
  const caseId = CaseId.parse('a');
  mkdirSync(store.folder.labels(caseId), { recursive: true });
  const imageFile = join(store.folder.case(caseId), 'image_0000.nii');
  const stored = { files: [imageFile], voxelType: 'int16' as const, grid, sourceGrid: grid, channelNames: ['CT'] };
  const mask = join(store.folder.labels(caseId), 'r0001.nii.gz');
  const writeImage = await bestSeconds(() => writeStoredChannel(imageFile, grid, image));
  const readImage = await bestSeconds(() => readStoredImage(stored));
  const saveMask = await bestSeconds(() => writeLabelmap(mask, grid, labels));
  const readMask = await bestSeconds(() => readLabelmap(mask));
  store.transaction(() => {
    for (let n = 0; n < 5000; n++) store.audit.append({ actor: 'bench', action: 'view', facts: { n, note: 'x'.repeat(200) } });
  });
  store.close();
  const open = await bestSeconds(async () => (await openProject(folder, Date.now(), undefined, true, passphrase)).close());
  return { create, open, writeImage, readImage, saveMask, readMask };
}

try {
  await files();
  const [plain, sealed] = [await project(), await project(PASSPHRASE)];
  const WHAT: Record<string, string> = {
    create: 'make a project',
    open: 'open and close one with 5000 entries in its trail',
    writeImage: 'store a CT of 512 × 512 × 300 (import)',
    readImage: 'read it',
    saveMask: 'save its mask',
    readMask: 'read that',
  };
  console.log('\n| | plain | encrypted |\n|---|---|---|');
  for (const [key, what] of Object.entries(WHAT)) console.log(`| ${what} | ${plain[key]!.toFixed(2)} s | ${sealed[key]!.toFixed(2)} s |`);
} finally {
  rmSync(root, { recursive: true, force: true });
}
