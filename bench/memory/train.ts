/** One process of the memory benchmark: steps of a training given as JSON, with batches and thread buffers as a run has them. Prints a JSON line. */
import { readFileSync } from 'node:fs';
import { loadEngineFactory } from '../../main/compute/engineFactory.ts';
import { trainingBytes } from '../../main/nnunet/train/trainingMemory.ts';
import type { TrainingSpec } from '../../models/engine.ts';

const STEPS = 2;
const MB = 2 ** 20;

async function main(): Promise<void> {
  const spec = JSON.parse(process.argv[2] ?? '') as TrainingSpec;
  const engine = await (await loadEngineFactory()).createTraining(spec, 1);
  const voxels = spec.batchSize * spec.patch.reduce((a, b) => a * b, 1);
  // the one in use and those drawn ahead
  const batches = [0, 1, 2].map((shift) => ({
    images: Float32Array.from({ length: voxels * spec.network.inputChannels }, (_, i) => Math.sin((i + shift) * 0.7) + Math.cos(i * 0.013)),
    labels: Uint8Array.from({ length: voxels }, (_, i) => (i % 7 < 5 ? 0 : 1)),
  }));
  for (let step = 0; step < STEPS; step++) {
    const { images, labels } = batches[step % batches.length]!;
    engine.step(images, labels, 1e-4);
  }
  engine.readState(); // a checkpoint
  const measuredMb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024;
  console.log(
    JSON.stringify({ measuredMb: Math.round(measuredMb), predictedMb: Math.round(trainingBytes(spec, { cachedBytes: 0, validationBytes: 0 }) / MB) }),
  );
}
void main();
