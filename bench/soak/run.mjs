/**
 * A long day in a short time: cases are opened one after the other in Chromium, predicted and trained on in between, and the
 * memory of host, page and graphics process is read. Flat: the last fifth of the readings is at most 5 % above the second fifth.
 * npm run bench -- soak [--switches 1000] [--predictions 100] [--trainings 20] [--draw-with processor|graphics]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openHostedPage } from '../browserHost.mjs';

const { values } = parseArgs({
  options: {
    switches: { type: 'string', default: '1000' },
    predictions: { type: 'string', default: '100' },
    trainings: { type: 'string', default: '20' },
    'draw-with': { type: 'string', default: 'processor' },
  },
});
const [switches, predictions, trainings] = [values.switches, values.predictions, values.trainings].map(Number);
const CASES = 12;
const LABELLED = 8;
const READINGS = 50;
const ALLOWED_GROWTH = 0.05;
/** A thin network and a few steps: what is looked for is memory that stays, not what is learnt. */
const SMALL = { stepsPerEpoch: 10, batchSize: 4, baseFeatures: 8 };
const MINUTES = 10 * 60_000;

const folder = mkdtempSync(join(tmpdir(), 'maskloop-bench-soak-'));
const hosted = await openHostedPage(join(folder, 'state'), values['draw-with'], { width: 1400, height: 900 });
const { page, browser } = hosted;
page.setDefaultTimeout(MINUTES);

async function call(name, input) {
  const answer = await page.evaluate(
    async (body) => (await fetch('/api/call', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })).json(),
    JSON.stringify({ name, input }),
  );
  if (!answer.ok) throw new Error(`${name}: ${JSON.stringify(answer.error)}`);
  return answer.value;
}

async function jobEnd({ jobId }) {
  for (;;) {
    const { jobs } = await call('jobs.list', {});
    const job = jobs.find((one) => one.jobId === jobId);
    if (job && job.endedAtMs !== undefined) {
      if (job.state !== 'succeeded') throw new Error(`${job.kind} ${job.state}: ${JSON.stringify(job.error)}`);
      return;
    }
    await page.waitForTimeout(100);
  }
}

const residentMb = (processId) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))[1]) / 1000;

const pageSession = await page.context().newCDPSession(page);
await pageSession.send('Performance.enable');
const browserSession = await browser.newBrowserCDPSession();

/** Megabytes; the page after a collection of garbage. */
async function readMemory() {
  await pageSession.send('HeapProfiler.collectGarbage');
  const { metrics } = await pageSession.send('Performance.getMetrics');
  const { processInfo } = await browserSession.send('SystemInfo.getProcessInfo');
  const resident = (type) => processInfo.filter((one) => one.type === type).reduce((sum, { id }) => sum + residentMb(id), 0);
  return {
    'host, resident': residentMb(hosted.hostProcessId),
    'heap of the page': metrics.find(({ name }) => name === 'JSHeapUsedSize').value / 1e6,
    'page, resident': resident('renderer'),
    'graphics process, resident': resident('GPU'),
  };
}

const describeReading = (reading) =>
  Object.entries(reading)
    .map(([name, mb]) => `${name} ${mb.toFixed(0)}`)
    .join(', ');
const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

try {
  const projectFolder = join(folder, 'project');
  await page.getByLabel('Project folder', { exact: true }).fill(projectFolder);
  await page.getByRole('button', { name: 'New project here', exact: true }).click();
  await page.getByTestId('workspace').waitFor();
  await jobEnd(await call('project.addPhantoms', { caseCount: CASES, labelledCount: LABELLED }));
  const rows = page.getByTestId('case');
  while ((await rows.count()) < CASES) await page.waitForTimeout(100);
  const caseIds = await rows.evaluateAll((elements) => elements.map((one) => one.dataset.caseId));
  const readings = [];
  const began = performance.now();
  const isDue = (count, n) => count > 0 && Math.floor((n * count) / switches) > Math.floor(((n - 1) * count) / switches);
  const train = async () => jobEnd(await call('nnunet.train', { configuration: '2d', epochs: 1, memory: 'ignore', choices: SMALL }));
  if (predictions > 0 || trainings > 0) await train();
  for (let n = 1; n <= switches; n++) {
    const caseId = caseIds[n % CASES];
    await page.locator(`[data-testid=case][data-case-id="${caseId}"]`).click();
    await page.locator(`[data-testid=viewer][data-ready=true][data-case-id="${caseId}"]`).waitFor();
    if (isDue(trainings, n)) await train();
    if (isDue(predictions, n)) await jobEnd(await call('nnunet.predict', { caseIds: [caseIds.at(-1 - (n % (CASES - LABELLED)))], memory: 'ignore' }));
    if (isDue(READINGS, n)) {
      readings.push(await readMemory());
      console.log(`${n} switches after ${((performance.now() - began) / 60_000).toFixed(1)} min: ${describeReading(readings.at(-1))}`);
    }
  }
  const minutes = (performance.now() - began) / 60_000;
  console.log(
    `${switches} case switches, ${predictions} predictions, ${trainings} trainings, drawn with ${values['draw-with']}, in ${minutes.toFixed(1)} min; load at the end ${loadavg()[0].toFixed(1)}`,
  );
  console.log('| MB | second fifth | last fifth | growth | highest |\n|---|---|---|---|---|');
  const fifth = Math.floor(readings.length / 5);
  let isFlat = true;
  for (const name of Object.keys(readings[0])) {
    const ofName = readings.map((one) => one[name]);
    const [early, late] = [mean(ofName.slice(fifth, 2 * fifth)), mean(ofName.slice(-fifth))];
    isFlat &&= late / early - 1 <= ALLOWED_GROWTH;
    console.log(`| ${name} | ${early.toFixed(0)} | ${late.toFixed(0)} | ${((late / early - 1) * 100).toFixed(1)} % | ${Math.max(...ofName).toFixed(0)} |`);
  }
  console.log(isFlat ? 'flat within 5 %' : 'NOT flat within 5 %');
  process.exitCode = isFlat ? 0 : 1;
} finally {
  await hosted.close();
  rmSync(folder, { recursive: true, force: true });
}
