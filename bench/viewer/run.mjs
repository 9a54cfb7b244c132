/**
 * The viewer with a case of 512 × 512 × 300 in Chromium, whose graphics card is imitated here: from the click to the first
 * picture, scrolling one slice, memory of the page; drawn with WebGL and by the processor.
 * npm run bench -- viewer [--slices 20]   prints a table
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHostedPage } from '../browserHost.mjs';

const DIMS = [512, 512, 300];
const asked = process.argv.indexOf('--slices');
const SLICES = asked > 0 ? Number(process.argv[asked + 1]) : 20;
const MINUTES = 5 * 60_000;
const folder = mkdtempSync(join(tmpdir(), 'maskloop-bench-viewer-'));

/** NIfTI-1, uncompressed: a ball of soft tissue in air with a grain. */
function writePhantom(path) {
  const [ni, nj, nk] = DIMS;
  const header = Buffer.alloc(352);
  header.writeInt32LE(348, 0);
  [3, ni, nj, nk, 1, 1, 1, 1].forEach((value, n) => header.writeInt16LE(value, 40 + 2 * n));
  header.writeInt16LE(4, 70); // int16
  header.writeInt16LE(16, 72);
  [1, 0.8, 0.8, 1.5].forEach((value, n) => header.writeFloatLE(value, 76 + 4 * n));
  header.writeFloatLE(352, 108);
  header.writeInt16LE(1, 254); // sform
  [[0.8, 0, 0, -204], [0, 0.8, 0, -204], [0, 0, 1.5, -225]].forEach((row, r) => row.forEach((value, c) => header.writeFloatLE(value, 280 + 16 * r + 4 * c)));
  header.write('n+1\0', 344, 'latin1');
  const voxels = new Int16Array(ni * nj * nk);
  for (let k = 0, n = 0; k < nk; k++)
    for (let j = 0; j < nj; j++)
      for (let i = 0; i < ni; i++, n++) voxels[n] = (Math.hypot(i - 256, j - 256, (k - 150) * 1.9) < 230 ? 40 : -1000) + ((i * 7 + j * 13 + k * 29) % 31);
  writeFileSync(path, Buffer.concat([header, Buffer.from(voxels.buffer)]));
}

/** Milliseconds of each step, until the picture after the next one of the screen. */
const scroll = (page, count) =>
  page.evaluate(async (steps) => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const times = [];
    for (let n = 0; n < steps; n++) {
      const start = performance.now();
      window.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', code: 'ArrowDown', bubbles: true }));
      await frame();
      await frame();
      // reading a pixel back waits for whatever the graphics card still has to do
      const canvas = document.querySelector('[data-testid=plane-axial] canvas');
      canvas.getContext('2d')?.getImageData(0, 0, 1, 1);
      times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b);
  }, count);

async function measure(drawWith, isFirst) {
  const hosted = await openHostedPage(join(folder, drawWith), drawWith, { width: 1400, height: 1050 });
  const { page } = hosted;
  try {
    await page.getByLabel('Project folder', { exact: true }).fill(join(folder, 'project'));
    await page.getByRole('button', { name: isFirst ? 'New project here' : 'Open project', exact: true }).click();
    if (isFirst) {
      await page.getByRole('button', { name: 'Import…' }).click();
      await page.getByLabel('Folder to import').fill(join(folder, 'studies'));
      await page.getByRole('button', { name: 'Import', exact: true }).click();
      await page.getByText('Import finished.').waitFor({ timeout: MINUTES });
      await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    }
    const row = page.getByTestId('case').first();
    await row.waitFor();
    const start = performance.now();
    await row.click();
    await page.locator('[data-testid=viewer][data-ready=true]').waitFor({ timeout: MINUTES });
    const openMs = performance.now() - start;
    await page.getByTestId('plane-axial').hover();
    await scroll(page, 3);
    const times = await scroll(page, SLICES);
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable');
    const { metrics } = await session.send('Performance.getMetrics');
    const heapMb = metrics.find(({ name }) => name === 'JSHeapUsedSize').value / 1e6;
    console.log(`| ${drawWith} | ${(openMs / 1000).toFixed(2)} s | ${times[times.length >> 1].toFixed(0)} ms | ${times.at(-1).toFixed(0)} ms | ${heapMb.toFixed(0)} MB |`);
  } finally {
    await hosted.close();
  }
}

try {
  mkdirSync(join(folder, 'studies'));
  writePhantom(join(folder, 'studies', 'large.nii'));
  console.log(`load ${loadavg().map((load) => load.toFixed(1)).join(', ')}; 512 × 512 × 300, three planes, window of 1400 × 1050, ${SLICES} slices`);
  console.log('| drawn with | first picture after the click | slice, median | slice, slowest | heap of the page, without arrays |');
  console.log('|---|---|---|---|---|');
  await measure('graphics', true);
  await measure('processor', false);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
