import { describe, expect, it } from 'vitest';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import { expectProbability } from '../augment/testing/distribution.ts';
import { PatchSampler, type SamplerSpec } from './patches.ts';
import { samplerSpecFor } from './samplerSpec.ts';
import { memoryCase } from '../testing/memoryCase.ts';
import type { TrainingCase } from './trainingCase.ts';

const shapeDhw: ShapeDhw = [12, 14, 16];
const voxels = 12 * 14 * 16;
const placeOf = (n: number) => [Math.floor(n / 224), Math.floor(n / 16) % 14, n % 16] as const;
const indexOf = ([d, h, w]: ShapeDhw) => (d * 14 + h) * 16 + w;

/** Voxel n holds n + 1, so that a patch tells where it was cut. */
function makeCase(options: { classAt?: (place: ShapeDhw) => number; annotated?: Uint32Array; corrected?: Uint32Array; channels?: number } = {}): TrainingCase {
  const { classAt = () => 0, annotated, corrected, channels = 1 } = options;
  const classes = Uint8Array.from({ length: voxels }, (_, n) => classAt(placeOf(n)));
  const locations = [0, 1, 2].map((value) => Uint32Array.from(value === 0 ? [] : [...classes.keys()].filter((n) => classes[n] === value)));
  const image = Float32Array.from({ length: channels * voxels }, (_, n) => (n % voxels) + 1 + 10_000 * Math.floor(n / voxels));
  return memoryCase({ shapeDhw, channels, image, classes, locations, annotated, corrected });
}
const cases = (...list: TrainingCase[]) => ({ weights: list.map(() => 1), load: (index: number) => Promise.resolve(list[index]!) });
const plain = { pose: null, steps: [] } as const;

function specFor(preset: 'v2' | 'seed', patch: readonly number[], batchSize: number, channels = 1, isAugmented = false): SamplerSpec {
  const spec = samplerSpecFor({
    preset,
    patch,
    batchSize,
    plan: { channels: Array.from({ length: channels }, () => ({ insideMaskOnly: false })), classes: { length: 2 }, ignoreClass: null },
    oversampling: 0.33,
    nvol: 2,
  });
  return isAugmented ? spec : { ...spec, augmentation: plain };
}

/** First voxels of the patches of `count` batches, one list for each place in the batch. */
async function originsOf(spec: SamplerSpec, current: TrainingCase, count: number): Promise<ShapeDhw[][]> {
  const sampler = new PatchSampler(cases(current), spec, 5);
  const origins: ShapeDhw[][] = Array.from({ length: spec.batchSize }, () => []);
  for (let n = 0; n < count; n++) {
    await sampler.draw();
    origins.forEach((list, sample) => list.push(placeOf(sampler.images[sample * (sampler.images.length / spec.batchSize)]! - 1)));
  }
  return origins;
}

describe('where patches lie', () => {
  // classes 1 and 2 at one voxel each
  const marks = [
    [2, 3, 4],
    [9, 10, 11],
  ] as const;
  const marked = makeCase({ classAt: (place) => 1 + marks.findIndex((mark) => mark.join() === place.join()) });
  const shows = (origin: ShapeDhw, patch: ShapeDhw, mark: ShapeDhw) =>
    origin.every((begin, axis) => begin <= mark[axis]! && mark[axis]! < begin + patch[axis]!);

  it('v2: the last third of a batch is centred on a class drawn uniformly, the others are anywhere', async () => {
    const origins = await originsOf(specFor('v2', [5, 5, 5], 9), marked, 400);
    // round(9 · 0.67) = 6 of 9 are free
    for (const list of origins.slice(6)) {
      expect(list.every((origin) => marks.some((mark) => origin.every((begin, axis) => begin === mark[axis]! - 2)))).toBe(true);
      expectProbability(list.filter(([d]) => d === 0).length, 400, 0.5);
    }
    const free = origins.slice(0, 6).flat();
    for (const axis of [0, 1, 2] as const) {
      const places = shapeDhw[axis] - 5 + 1;
      for (let begin = 0; begin < places; begin++) expectProbability(free.filter((origin) => origin[axis] === begin).length, free.length, 1 / places);
    }
  });

  it('v2: two samples of a batch of two are one free and one forced', async () => {
    const [free, forced] = await originsOf(specFor('v2', [5, 5, 5], 2), marked, 200);
    expect(forced!.every((origin) => marks.some((mark) => shows(origin, [5, 5, 5], mark)))).toBe(true);
    expect(free!.some((origin) => !marks.some((mark) => shows(origin, [5, 5, 5], mark)))).toBe(true);
  });

  it('v2, 2D: a forced slice is one that shows the class', async () => {
    const origins = await originsOf(specFor('v2', [6, 6], 3), marked, 200);
    expect(origins[2]!.every(([d]) => d === 2 || d === 9)).toBe(true);
    expect(new Set(origins[0]!.map(([d]) => d)).size).toBe(12);
  });

  it('with an ignore class, free patches are centred on annotated voxels', async () => {
    const annotated = Uint32Array.of(indexOf([6, 7, 8]), indexOf([6, 7, 9]));
    const current = makeCase({ annotated, classAt: (place) => (place.join() === '2,3,4' ? 1 : 0) });
    const origins = await originsOf(specFor('v2', [5, 5, 5], 3), current, 100);
    expect(origins[0]!.every(([d, h, w]) => d === 4 && h === 5 && (w === 6 || w === 7))).toBe(true);
    expect(origins[2]!.every(([d, h, w]) => d === 0 && h === 1 && w === 2)).toBe(true);
  });

  it.each(['v2', 'seed'] as const)('%s: of a corrected case a third of the patches is centred on what was corrected', async (preset) => {
    const corrected = Uint32Array.of(indexOf([5, 6, 7]), indexOf([8, 9, 10]));
    const spec = { ...specFor(preset, [5, 5, 5], 6), correctedPart: 1 / 3 };
    const isCentred = (origin: ShapeDhw): boolean => ['3,4,5', '6,7,8'].includes(origin.join());
    const origins = await originsOf(spec, makeCase({ corrected, classAt: (place) => (place.join() === '2,3,4' ? 1 : 0) }), 400);
    // free patches lie there once in 8 · 10 · 12 places; the forced ones show the painted voxel instead
    for (const list of origins.slice(0, 4))
      expectProbability(list.filter(isCentred).length, list.length, 1 / 3 + ((preset === 'v2' ? 2 / 3 : (2 / 3) * 0.67) * 2) / 960);
    if (preset === 'v2') for (const list of origins.slice(4)) expectProbability(list.filter(isCentred).length, list.length, 1 / 3);
    // neither another case nor another training is touched
    const plainOrigins = await originsOf(specFor(preset, [5, 5, 5], 6), makeCase({ classAt: (place) => (place.join() === '2,3,4' ? 1 : 0) }), 20);
    expect(await originsOf(specFor(preset, [5, 5, 5], 6), makeCase({ corrected, classAt: (place) => (place.join() === '2,3,4' ? 1 : 0) }), 20)).toEqual(
      plainOrigins,
    );
    expect(await originsOf(spec, makeCase({ classAt: (place) => (place.join() === '2,3,4' ? 1 : 0) }), 20)).toEqual(plainOrigins);
  });

  it('seed: each patch by chance covers one of the two largest objects of a class', async () => {
    // class 1: three boxes of 27, 8 and 1 voxels; the smallest is never asked for
    const inBox = (place: ShapeDhw, begin: ShapeDhw, count: number) => place.every((value, axis) => value >= begin[axis]! && value < begin[axis]! + count);
    const current = makeCase({ classAt: (place) => (inBox(place, [1, 1, 1], 3) || inBox(place, [8, 8, 12], 2) || inBox(place, [10, 1, 1], 1) ? 1 : 0) });
    const spec = { ...specFor('seed', [4, 4, 4], 4), foreground: { kind: 'eachByChance', chance: 1, classes: [1, 2] } } as const;
    const origins = (await originsOf(spec, current, 250)).flat();
    const covers = ([d, h, w]: ShapeDhw, begin: ShapeDhw, count: number) =>
      [d, h, w].every((value, axis) => value <= begin[axis]! && value + 4 >= begin[axis]! + count);
    const [large, small] = [origins.filter((origin) => covers(origin, [1, 1, 1], 3)), origins.filter((origin) => covers(origin, [8, 8, 12], 2))];
    expect(large.length + small.length).toBe(1000);
    expectProbability(large.length, 1000, 0.5);
    // anywhere that covers it: begins at 0 or 1 and 6, 7 or 8
    for (const begin of [0, 1]) expectProbability(large.filter(([d]) => d === begin).length, large.length, 1 / 2);
    for (const begin of [6, 7, 8]) expectProbability(small.filter(([d]) => d === begin).length, small.length, 1 / 3);
  });

  it('seed: a third of the patches is forced', async () => {
    const current = makeCase({ classAt: (place) => (place.join() === '0,0,0' ? 1 : 0) });
    const origins = (await originsOf(specFor('seed', [2, 2, 2], 5), current, 600)).flat();
    // free ones begin there once in 11 · 13 · 15 places
    expectProbability(origins.filter((origin) => origin.join() === '0,0,0').length, 3000, 0.33 + 0.67 / 2145);
  });

  it('seed, 2D: slices of two volumes, each a run', async () => {
    const slices = specFor('seed', [14, 16], 8);
    expect([slices.blockDhw, slices.samplesPerBlock]).toEqual([[4, 14, 16], 4]);
    const many = samplerSpecFor({
      preset: 'seed',
      patch: [14, 16],
      batchSize: 366,
      plan: { channels: [{ insideMaskOnly: false }], classes: { length: 2 }, ignoreClass: null },
      oversampling: 0.33,
      nvol: 2,
    });
    expect(many.samplesPerBlock).toBe(32); // not runs of 183 slices
    const origins = await originsOf(slices, makeCase(), 20);
    for (let n = 0; n < 20; n++) {
      const depths = origins.map((list) => list[n]![0]);
      expect(depths).toEqual([0, 1, 2, 3].map((step) => depths[0]! + step).concat([0, 1, 2, 3].map((step) => depths[4]! + step)));
    }
  });

  it('stays around a volume smaller than itself', async () => {
    const sampler = new PatchSampler(cases(makeCase({ classAt: () => 1 })), specFor('v2', [16, 14, 20], 3), 1);
    await sampler.draw();
    for (let sample = 0; sample < 3; sample++) {
      const at = (d: number, h: number, w: number) => sampler.images[((sample * 16 + d) * 14 + h) * 20 + w]!;
      expect([at(1, 0, 2), at(2, 0, 1), at(2, 0, 2), at(13, 13, 17), at(14, 0, 5)]).toEqual([0, 0, 1, voxels, 0]);
      expect(sampler.labels.subarray(0, 280).every((value) => value === 0)).toBe(true);
    }
  });
});

describe('PatchSampler', () => {
  it('writes channels last', async () => {
    const sampler = new PatchSampler(cases(makeCase({ channels: 3 })), specFor('v2', [2, 3, 4], 2, 3), 3);
    await sampler.draw();
    for (let n = 0; n < sampler.images.length; n += 3)
      expect([sampler.images[n + 1]! - sampler.images[n]!, sampler.images[n + 2]! - sampler.images[n]!]).toEqual([10_000, 20_000]);
  });

  it('draws cases by their weight', async () => {
    const list = [makeCase(), makeCase({ classAt: () => 2 })];
    const sampler = new PatchSampler({ weights: [1, 3], load: (index) => Promise.resolve(list[index]!) }, specFor('v2', [1, 1, 1], 100), 2);
    let second = 0;
    for (let n = 0; n < 20; n++) {
      await sampler.draw();
      second += sampler.labels.filter((value) => value === 2).length;
    }
    expectProbability(second, 2000, 0.75);
  });

  it.each([
    ['v2', [1, 1, 1], 100],
    ['seed', [14, 16], 16],
  ] as const)('%s: mixes new and replayed cases', async (preset, patch, batchSize) => {
    const list = [makeCase({ classAt: () => 1 }), makeCase({ classAt: () => 2 })];
    const spec = { ...specFor(preset, patch, batchSize), mix: { replayPart: 0.25, fresh: [0], replayedByClass: [[1]] } };
    const sampler = new PatchSampler({ weights: [1, 1], load: (index) => Promise.resolve(list[index]!) }, spec, 2);
    const batches = 200;
    let replayed = 0;
    for (let n = 0; n < batches; n++) {
      await sampler.draw();
      replayed += sampler.labels.filter((value) => value === 2).length;
    }
    const share = replayed / (batches * sampler.labels.length);
    expect(Math.abs(share - 0.25)).toBeLessThan(preset === 'v2' ? 1e-9 : 0.05);
  });

  it.each(['v2', 'seed'] as const)('%s: goes on from a saved state as if nothing had happened, augmentation included', async (preset) => {
    const current = makeCase({ classAt: ([d]) => (d < 6 ? 1 : 2), channels: 2 });
    const make = () => new PatchSampler(cases(current), specFor(preset, [8, 8, 8], 4, 2, true), 9);
    const first = make();
    const batches: string[] = [];
    const states = [];
    for (let n = 0; n < 12; n++) {
      states.push(first.state);
      await first.draw();
      batches.push(`${first.images.join()}|${first.labels.join()}`);
    }
    const resumed = make();
    resumed.restore(states[5]!);
    for (let n = 5; n < 12; n++) {
      await resumed.draw();
      expect(`${resumed.images.join()}|${resumed.labels.join()}`).toBe(batches[n]);
    }
    expect(resumed.state).toEqual(first.state);
  });

  it('reads real voxels, not zeros, into the corners of a turned patch', async () => {
    const spec = specFor('v2', [6, 6, 6], 1, 1, true);
    const always = {
      ...spec,
      augmentation: {
        pose: {
          ...spec.augmentation.pose!,
          rotation: { probability: 1, largestDegDhw: [30, 0, 0] as const },
          scaling: { probability: 1, factor: [1, 1 / 0.85] as const },
        },
        steps: [],
      },
    };
    const annotated = Uint32Array.of(indexOf([6, 7, 8]));
    const sampler = new PatchSampler(cases(makeCase({ annotated, classAt: ([d]) => (d > 5 ? 1 : 0) })), always, 4);
    for (let n = 0; n < 30; n++) {
      await sampler.draw();
      expect(sampler.images.every((value) => value > 0)).toBe(true);
    }
  });

  it('hands on what a case cannot read', async () => {
    const broken: TrainingCase = { ...makeCase(), readWindow: () => Promise.reject(new Error('gone')) };
    await expect(new PatchSampler(cases(broken), specFor('v2', [2, 2, 2], 3), 1).draw()).rejects.toThrow('gone');
  });
});
