/**
 * Seconds to segment a folder of MSD hippocampus volumes, end to end (program start, load, preprocess, windows, resample, write):
 * ours by the command line against nnunetv2's prediction, alternating rounds, with and without mirrored copies. Both have the
 * network that they plan for these data; what the weights are makes no difference to the time.
 * npm run bench -- inference [--rounds 3] [--cases 24] [--config 3d_fullres|2d]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pythonWith } from '../../scripts/setup/pythonPackages.mjs';
import { hippocampusFolder, keepMemory, root, subjectFolds } from '../crossValidation/folds.mjs';
import { copyVolumes, DATASET, FIRST_CHANNEL, folderIn, rawDataset } from '../crossValidation/nnunetFolders.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, cases: { type: 'string', default: '24' }, config: { type: 'string', default: '3d_fullres' } },
});
const data = hippocampusFolder();
const { caseIds } = subjectFolds(data);
const asked = caseIds.slice(-Number(values.cases));
const work = mkdtempSync(join(tmpdir(), 'maskloop-inference-'));
const settings = rawDataset(work, data, caseIds);
copyVolumes(data, 'images', caseIds, folderIn(work, 'all/images'));
copyVolumes(data, 'labels', caseIds, folderIn(work, 'all/labels'));
const [theirInput, ourInput] = [folderIn(work, 'their-input'), folderIn(work, 'our-input')];
copyVolumes(data, 'images', asked, theirInput, FIRST_CHANNEL);
copyVolumes(data, 'images', asked, ourInput);

const { python, env: packages } = await pythonWith('nnunetv2', ['nnunetv2==2.6.2']);
const theirEnv = { ...packages, ...settings };
const GNU_TIME = '/usr/bin/time';

function run(command, args, env) {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28, env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout.slice(-2000)}\n${stderr.slice(-4000)}`);
  return { seconds: (performance.now() - began) / 1000, stdout, stderr };
}
const lastLine = ({ stdout }) => JSON.parse(stdout.trim().split('\n').at(-1));
const maskloop = (...args) => run(process.execPath, [join(root, 'scripts/maskloop.mjs'), ...args], keepMemory);

const model = lastLine(run(python, [join(import.meta.dirname, 'nnunetv2_model.py'), DATASET, values.config], theirEnv));
const project = join(work, 'project');
maskloop('import', '--project', project, join(work, 'all'));
maskloop('train', '--project', project, '--config', values.config, '--fold', '0', '--epochs', '1', '--steps-per-epoch', '1', '--ignore-memory');

const mirror = { plain: [], mirrored: ['--mirror'] };
/** By the news of the job: the seconds from one phase's first word to the next one's. */
function ourPhases({ stdout }) {
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).event)
    .filter((event) => event?.type === 'progress');
  const seconds = {};
  events.forEach(({ atMs, progress: { phase } }, index) => {
    seconds[phase] = (seconds[phase] ?? 0) + ((events[index + 1]?.atMs ?? atMs) - atMs) / 1000;
  });
  return seconds;
}
function ours(copies, output) {
  const args = [join(root, 'scripts/maskloop.mjs'), 'predict', '--project', project, '--input', ourInput, '--output', output, '--json', ...mirror[copies]];
  const timed = existsSync(GNU_TIME) ? run(GNU_TIME, ['-v', process.execPath, ...args], keepMemory) : run(process.execPath, args, keepMemory);
  const peakKb = /Maximum resident set size \(kbytes\): (\d+)/.exec(timed.stderr)?.[1];
  return { seconds: timed.seconds, peakMb: peakKb ? Math.round(Number(peakKb) / 1024) : null, phases: ourPhases(timed) };
}
function theirs(copies, output, manner) {
  const timed = run(python, [join(import.meta.dirname, 'nnunetv2_predict.py'), model.folder, theirInput, output, copies, manner], theirEnv);
  return { seconds: timed.seconds, ...lastLine(timed) };
}
const contestants = {
  ours: (copies, output) => ours(copies, output),
  'nnunetv2, its processes': (copies, output) => theirs(copies, output, 'processes'),
  'nnunetv2, one process': (copies, output) => theirs(copies, output, 'sequential'),
};

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const results = [];
for (const copies of ['plain', 'mirrored']) {
  const rows = Object.keys(contestants).map((name) => ({ copies, name, seconds: [], peakMb: null, phases: null }));
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const row of rows) {
      const output = mkdtempSync(join(work, 'masks-'));
      const one = contestants[row.name](copies, output);
      const masks = readdirSync(output).filter((name) => name.endsWith('.nii.gz')).length;
      if (masks !== asked.length) throw new Error(`${row.name} wrote ${masks} masks of ${asked.length}`);
      row.seconds.push(one.seconds);
      row.peakMb = Math.max(row.peakMb ?? 0, one.peakMb ?? 0);
      row.phases = one.phases;
      console.error(`round ${round}, ${copies}: ${row.name} ${one.seconds.toFixed(1)} s`);
    }
  }
  results.push(...rows.map((row) => ({ ...row, ratio: median(rows[0].seconds) / median(row.seconds) })));
}
const ourRun = readdirSync(join(project, 'runs')).sort().at(-1);
const [{ run: header }] = readFileSync(join(project, 'runs', ourRun, 'metrics.ndjson'), 'utf8')
  .split('\n', 1)
  .map((line) => JSON.parse(line));
console.log(
  `\n${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0].model}, load ${loadavg()[0].toFixed(1)}; ${values.config}, ${asked.length} volumes, ${values.rounds} rounds; patches ours ${header.patch.join('×')}, theirs ${model.patch.join('×')}\n`,
);
console.log(
  '| copies | program | median s per case | min–max | ours / this | peak RSS of a process MB | phases of the last round, s |\n|---|---|---|---|---|---|---|',
);
for (const { copies, name, seconds, ratio, peakMb, phases } of results) {
  const perCase = seconds.map((one) => one / asked.length);
  const told = phases
    ? Object.entries(phases)
        .map(([phase, one]) => `${phase} ${one.toFixed(1)}`)
        .join(', ')
    : '–';
  console.log(
    `| ${copies} | ${name} | ${median(perCase).toFixed(2)} | ${Math.min(...perCase).toFixed(2)}–${Math.max(...perCase).toFixed(2)} | ${ratio.toFixed(2)} | ${peakMb || '–'} | ${told} |`,
  );
}
rmSync(work, { recursive: true, force: true });
