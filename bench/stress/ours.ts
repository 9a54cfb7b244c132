/** Many steps of a tiny network; prints JSON lines: memory and loss while it runs, then the verdict. */
import { loadEngineFactory } from '../../main/compute/engineFactory.ts';
import type { ComputePrecision, TrainingSpec } from '../../models/engine.ts';
import { hippocampusTraining } from '../trainStep/plan.ts';

const [steps = 5000, reports = 10] = process.argv.slice(2, 4).map(Number);
const precision = (process.argv[4] ?? 'float32') as ComputePrecision;

/** The hippocampus network with an eighth of its features and patch: each kind of layer, a few milliseconds a step. */
const spec: TrainingSpec = {
  ...hippocampusTraining,
  network: { ...hippocampusTraining.network, stages: hippocampusTraining.network.stages.map((stage) => ({ ...stage, features: stage.features / 8 })) },
  patch: [16, 16, 16],
  batchSize: 2,
  precision,
  emaDecay: 0.99,
};
const voxels = spec.batchSize * spec.patch.reduce((a, b) => a * b, 1);

/** A ball that moves from step to step, and noise that never repeats. */
function batch(step: number): { images: Float32Array; labels: Uint8Array } {
  const [d, h, w] = spec.patch as [number, number, number];
  const labels = Uint8Array.from({ length: voxels }, (_, i) => {
    const [z, y, x] = [Math.floor(i / (h * w)) % d, Math.floor(i / w) % h, i % w];
    const radius = Math.hypot(z - 5 - (step % 6), y - 8, x - 5 - (step % 7));
    return radius < 3 ? 2 : radius < 5 ? 1 : 0;
  });
  let state = step * 2654435761 + 1;
  const images = Float32Array.from(labels, (label) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return label - 1 + state / 2 ** 32;
  });
  return { images, labels };
}

async function main(): Promise<void> {
  const engine = await (await loadEngineFactory()).createTraining(spec, 1);
  const every = Math.max(1, Math.floor(steps / reports));
  const rssMb: number[] = [];
  let [skipped, notFinite, lossSum, windowBegan] = [0, 0, 0, performance.now()];
  let meanLoss = NaN;
  for (let step = 1; step <= steps; step++) {
    const { images, labels } = batch(step);
    const result = engine.step(images, labels, 1e-3);
    if (result.skipped) skipped++;
    if (!Number.isFinite(result.loss)) notFinite++;
    lossSum += result.loss;
    if (step % every !== 0) continue;
    meanLoss = lossSum / every;
    rssMb.push(Math.round(process.memoryUsage().rss / 1e6));
    const msPerStep = (performance.now() - windowBegan) / every;
    console.log(JSON.stringify({ step, meanLoss, rssMb: rssMb.at(-1), msPerStep: Number(msPerStep.toFixed(2)), lossScale: result.lossScale, skipped }));
    [lossSum, windowBegan] = [0, performance.now()];
  }
  const weightsFinite = engine.readState().every(({ values }) => values.every(Number.isFinite));
  // the first report still grows the pools of allocator and garbage collector
  const growthMb = rssMb.at(-1)! - rssMb[Math.min(1, rssMb.length - 1)]!;
  console.log(JSON.stringify({ steps, precision, skipped, notFinite, weightsFinite, finalLoss: meanLoss, growthMb }));
  engine.dispose();
}
void main();
