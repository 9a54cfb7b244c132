/** What a compute process does with a prediction, with its memory at the end of each phase; prints one JSON line. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadEngineFactory } from '../../main/compute/engineFactory.ts';
import type { JobNews } from '../../main/contract/jobs.ts';
import { PredictTask, TaskItem } from '../../main/contract/tasks.ts';
import { runPredict } from '../../main/workers/predict.ts';

const [folder = '', overlap = '0.5', saveProbabilities = 'false'] = process.argv.slice(2);

const megabytes = (field: 'VmHWM' | 'VmRSS'): number =>
  Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024);

async function main(): Promise<void> {
  const phases: { phase: string; seconds: number; peakMb: number; rssMb: number }[] = [];
  let began = performance.now();
  const ended = (phase: string): void => {
    phases.push({ phase, seconds: Math.round((performance.now() - began) / 100) / 10, peakMb: megabytes('VmHWM'), rssMb: megabytes('VmRSS') });
    began = performance.now();
  };
  const factory = await loadEngineFactory();
  ended('TensorFlow');
  let reports = 0;
  let windowsMs = 0;
  const tell = (news: JobNews): void => {
    if (news.type === 'progress' && news.progress.phase === 'predicting') {
      reports++;
      if (reports === 1) ended('model');
      if (reports === 2) ended('read and preprocess');
      windowsMs = performance.now();
      if (reports % 8 === 0) console.error(`${(news.progress.done * 100).toFixed(0)} %, ${megabytes('VmRSS')} MB`);
    }
    if (news.type === 'problem') console.error(JSON.stringify(news.error));
    if (news.type === 'item' && TaskItem.parse(news.item).kind === 'writtenFile' && !phases.some(({ phase }) => phase.startsWith('windows'))) {
      ended('windows, resampling, classes, label map');
      phases.at(-1)!.phase += ` (after the start of the last window: ${((performance.now() - windowsMs) / 1000).toFixed(1)} s)`;
    }
  };
  const task = PredictTask.parse({
    task: 'predict',
    models: [{ runFolder: join(folder, 'run'), previousRunFolders: [] }],
    options: { overlap: Number(overlap) },
    cases: [],
    folder: { inputFolder: join(folder, 'in'), outputFolder: join(folder, 'out'), saveProbabilities: saveProbabilities === 'true' },
  });
  const result = await runPredict(task, { tell, stop: { aborted: false } }, factory);
  ended('rest');
  console.log(JSON.stringify({ result, windows: reports - 1, phases, peakMb: megabytes('VmHWM') }));
}
void main();
