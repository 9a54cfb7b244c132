/** Milliseconds of whole batches of a preset on one core: `node batches.cjs PRESET COUNT`, on phantoms. */
import { performance } from 'node:perf_hooks';
import { makePhantom } from '../../main/imaging/phantom.ts';
import { PatchSampler } from '../../main/nnunet/train/patches.ts';
import { samplerSpecFor } from '../../main/nnunet/train/samplerSpec.ts';
import { memoryCase } from '../../main/nnunet/testing/memoryCase.ts';
import type { Preset } from '../../main/contract/vocabulary.ts';

const [preset = 'v2', count = '40', patchText = '40,56,40', batchText = '9'] = process.argv.slice(2);
const cases = Array.from({ length: 8 }, (_, seed) => {
  const { grid, image, labels } = makePhantom(seed);
  const [ni, nj, nk] = grid.dimsIjk;
  const locations = [0, 1, 2].map((value) => Uint32Array.from(value === 0 ? [] : [...labels.keys()].filter((n) => labels[n] === value)));
  return memoryCase({ shapeDhw: [nk, nj, ni], image: Float32Array.from(image, (value) => (value - 450) / 60), classes: labels, locations });
});
const spec = samplerSpecFor({
  preset: preset as Preset,
  patch: patchText.split(',').map(Number),
  batchSize: Number(batchText),
  plan: { channels: [{ insideMaskOnly: false }], classes: { length: 2 }, ignoreClass: null },
  oversampling: 0.33,
  nvol: 2,
});
const sampler = new PatchSampler({ weights: cases.map(() => 1), load: (index) => Promise.resolve(cases[index]!) }, spec, 1);
const milliseconds: number[] = [];
for (let n = 0; n < Number(count); n++) {
  const began = performance.now();
  await sampler.draw();
  milliseconds.push(performance.now() - began);
}
const sorted = milliseconds.slice(5).sort((a, b) => a - b);
const at = (part: number): number => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!);
console.log(
  JSON.stringify({
    preset,
    patch: patchText,
    batch: batchText,
    p50: at(0.5),
    p95: at(0.95),
    mean: Math.round(sorted.reduce((sum, value) => sum + value, 0) / sorted.length),
  }),
);
