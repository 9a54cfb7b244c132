/** One process of the train-step benchmark, ours: steps, precision, parts of a batch. Prints a JSON line with milliseconds per step. */
import { readFileSync } from 'node:fs';
import { loadEngineFactory } from '../../main/compute/engineFactory.ts';
import type { ComputePrecision } from '../../models/engine.ts';
import { hippocampusTraining } from './plan.ts';

const steps = Number(process.argv[2] ?? 5);
const precision = (process.argv[3] ?? 'float32') as ComputePrecision;

const accumulation = Number(process.argv[4] ?? 1);

async function main(): Promise<void> {
  const spec = { ...hippocampusTraining, precision, accumulation };
  const engine = await (await loadEngineFactory()).createTraining(spec, 1);
  const voxels = spec.batchSize * spec.patch.reduce((a, b) => a * b, 1);
  const images = Float32Array.from({ length: voxels }, (_, i) => Math.sin(i * 0.7) + Math.cos(i * 0.013));
  const labels = Uint8Array.from({ length: voxels }, (_, i) => (i % 7 < 5 ? 0 : (i % 2) + 1));
  engine.step(images, labels, 3e-4);
  engine.step(images, labels, 3e-4);
  const milliseconds: number[] = [];
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    losses.push(engine.step(images, labels, 3e-4).loss);
    milliseconds.push(performance.now() - start);
  }
  const peakMb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024;
  console.log(JSON.stringify({ milliseconds, losses, peakMb: Math.round(peakMb) }));
}
void main();
