/**
 * The window with cases of 512 × 512 × 300 in Chromium, whose graphics card is imitated here; drawn by the processor and with WebGL.
 * npm run bench -- viewer [--parts open,paint,switches,start] [--draw processor,graphics] [--slices 20] [--strokes 100] [--switches 200]
 *   open      from the click to the first picture, scrolling one slice
 *   paint     moves of the brush, memory of undo, saving
 *   switches  memory over changes between two cases
 *   start     from the start of the program to a window that can be used (Electron too where there is a display)
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openHostedPage } from '../browserHost.mjs';
import { browserStart, electronStart } from './appStart.mjs';
import { measureBrush, measureSave, measureUndo } from './painting.mjs';
import { writePhantom } from './phantom.mjs';
import { processReader } from './processes.mjs';

const { values } = parseArgs({
  options: {
    parts: { type: 'string', default: 'open,paint,switches,start' },
    draw: { type: 'string', default: 'processor,graphics' },
    slices: { type: 'string', default: '20' },
    strokes: { type: 'string', default: '100' },
    switches: { type: 'string', default: '200' },
  },
});
const parts = new Set(values.parts.split(','));
const [SLICES, STROKES, SWITCHES] = [values.slices, values.strokes, values.switches].map(Number);
const WINDOW = { width: 1400, height: 1050 };
const MINUTES = 10 * 60_000;
const folder = mkdtempSync(join(tmpdir(), 'maskloop-bench-viewer-'));
const project = join(folder, 'project');
const load = () => `load ${loadavg()[0].toFixed(1)}`;

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

async function importCases() {
  mkdirSync(join(folder, 'studies'));
  writePhantom(join(folder, 'studies', 'large.nii'));
  writePhantom(join(folder, 'studies', 'other.nii'), 30);
  const hosted = await openHostedPage(join(folder, 'import'), 'processor', WINDOW);
  const { page } = hosted;
  await page.getByLabel('Project folder', { exact: true }).fill(project);
  await page.getByRole('button', { name: 'New project here', exact: true }).click();
  await page.getByRole('button', { name: 'Import…' }).click();
  await page.getByLabel('Folder to import').fill(join(folder, 'studies'));
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.getByText('Import finished.').waitFor({ timeout: MINUTES });
  await hosted.close();
}

/** A page with the project open. */
async function openProject(drawWith) {
  const hosted = await openHostedPage(join(folder, drawWith), drawWith, WINDOW);
  await hosted.page.getByLabel('Project folder', { exact: true }).fill(project);
  await hosted.page.getByRole('button', { name: 'Open project', exact: true }).click();
  await hosted.page.getByTestId('case').first().waitFor();
  return hosted;
}

/** Milliseconds from the click. */
async function openCase(page, caseId) {
  const start = performance.now();
  await page.locator(`[data-testid=case][data-case-id="${caseId}"]`).click();
  await page.locator(`[data-testid=viewer][data-ready=true][data-case-id="${caseId}"]`).waitFor({ timeout: MINUTES });
  return performance.now() - start;
}

async function measureOpening(page, drawWith, processes) {
  await page.waitForTimeout(2000); // thumbnails
  const spent = async (work, count = 1) => {
    const before = await processes.processor();
    const result = await work();
    const after = await processes.processor();
    const text = ['page', 'graphics', 'host'].map((name) => `${((after[name] - before[name]) / count).toFixed(0)}`).join(' / ');
    return { result, text };
  };
  const opening = await spent(() => openCase(page, 'large'));
  await page.getByTestId('plane-axial').hover();
  await scroll(page, 3);
  const scrolling = await spent(() => scroll(page, SLICES), SLICES);
  const times = scrolling.result;
  console.log(
    '\n| drawn with | first picture after the click | processors for it: page / graphics process / host | slice, median | slowest | processors for a slice |\n|---|---|---|---|---|---|',
  );
  console.log(
    `| ${drawWith} | ${(opening.result / 1000).toFixed(2)} s | ${opening.text} ms | ${times[times.length >> 1].toFixed(0)} ms | ${times.at(-1).toFixed(0)} ms | ${scrolling.text} ms | (${load()})`,
  );
}

async function measurePainting(page, drawWith, processes) {
  if ((await page.locator('[data-testid=viewer][data-case-id=large]').count()) === 0) await openCase(page, 'large');
  await page.getByRole('button', { name: 'Add segment' }).click(); // a new project has none
  console.log('\n| drawn with | brush | a move in our code, median | slowest | until it is drawn, median |\n|---|---|---|---|---|');
  await measureBrush(page, drawWith);
  const grown = await measureUndo(page, processes.memory, STROKES);
  console.log(
    `${STROKES} strokes that can be taken back: ${(grown.heap + grown.arrays).toFixed(0)} MB of heap and arrays, page ${grown.page.toFixed(0)} MB larger (${load()})`,
  );
  console.log(`saving the whole mask: ${(await measureSave(page)).toFixed(2)} s (${load()})`);
}

async function measureSwitches(page, drawWith, processes) {
  for (const caseId of ['large', 'other', 'large', 'other']) await openCase(page, caseId);
  const before = await processes.memory();
  for (let n = 0; n < SWITCHES; n++) await openCase(page, n % 2 === 0 ? 'large' : 'other');
  const after = await processes.memory();
  console.log(`\n| drawn with ${drawWith}, MB (${load()}) | before | after ${SWITCHES} changes of case |\n|---|---|---|`);
  const names = { heap: 'heap of the page', arrays: 'its arrays', page: 'page, resident', graphics: 'graphics process, resident' };
  for (const [key, name] of Object.entries(names)) console.log(`| ${name} | ${before[key].toFixed(0)} | ${after[key].toFixed(0)} |`);
}

async function measure(drawWith) {
  const hosted = await openProject(drawWith);
  try {
    hosted.page.setDefaultTimeout(MINUTES);
    const processes = await processReader(hosted);
    if (parts.has('open')) await measureOpening(hosted.page, drawWith, processes);
    if (parts.has('paint')) await measurePainting(hosted.page, drawWith, processes);
    if (parts.has('switches')) await measureSwitches(hosted.page, drawWith, processes);
  } finally {
    await hosted.close();
  }
}

try {
  console.log(`512 × 512 × 300, three planes, window of ${WINDOW.width} × ${WINDOW.height}; ${load()}`);
  if (parts.has('start')) {
    console.log(`start to a window that can be used, browser and its host: ${(await browserStart(join(folder, 'start'))).toFixed(2)} s (${load()})`);
    const seconds = await electronStart(join(folder, 'electron'));
    console.log(
      seconds === null
        ? 'start of Electron: not measured, no Electron or no display here'
        : `start to a window that can be used, Electron: ${seconds.toFixed(2)} s (${load()})`,
    );
  }
  if (['open', 'paint', 'switches'].some((part) => parts.has(part))) {
    await importCases();
    for (const drawWith of values.draw.split(',')) await measure(drawWith);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
