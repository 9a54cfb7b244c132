import { describe, expect, it } from 'vitest';
import { memoryCase } from './testing/memoryCase.ts';
import { PatchSampler } from './train/patches.ts';
import { CascadeSource, disturbPrevious, joinBase, joinedClasses } from './previousStage.ts';
import { Random } from './random.ts';

const shape = [8, 8, 8] as const;
/** Two slabs of class 1 and 2 and one lonely voxel of class 1. */
const predicted = () => Uint16Array.from({ length: 512 }, (_, n) => (n === 511 ? 1 : n < 96 ? 1 : n < 160 ? 2 : 0));

describe('what the first stage predicted', () => {
  it('and the truth share one label and part again', () => {
    const base = joinBase({
      classes: [
        { labelValue: 1, name: 'a' },
        { labelValue: 7, name: 'b' },
      ],
    });
    const truth = Uint8Array.of(0, 1, 2, 3, 3, 0);
    const previous = Uint8Array.of(2, 2, 1, 0, 2, 0);
    const joined = joinedClasses(truth, previous, base);
    expect(Uint8Array.from(joined, (value) => value % base)).toEqual(truth);
    expect(Uint8Array.from(joined, (value) => Math.floor(value / base))).toEqual(previous);
  });

  it('is disturbed as often as nnU-Net does: 0.4 changes of shape, 0.2 removals, half of the labels each', () => {
    const random = Random.fromSeed(1);
    const TRIALS = 1500;
    const part = (chances?: { shape: number; removal: number; perLabel: number }) => {
      let changed = 0;
      for (let trial = 0; trial < TRIALS; trial++) {
        // class 2 is one lonely voxel, so a removal always shows
        const classes = new Uint16Array(512);
        classes[9] = 2;
        disturbPrevious(classes, shape, 2, random, chances);
        if (classes[9] !== 2 || classes.some((value, n) => n !== 9 && value !== 0)) changed++;
      }
      return changed / TRIALS;
    };
    expect(part({ shape: 0, removal: 0, perLabel: 1 })).toBe(0);
    expect(part({ shape: 0, removal: 1, perLabel: 1 })).toBe(1);
    // of the four changes of shape, closing leaves a lonely voxel as it is
    const byShape = part({ shape: 1, removal: 0, perLabel: 1 });
    expect(byShape).toBeGreaterThan(0.7);
    expect(byShape).toBeLessThan(0.8);
    const expected = 1 - (1 - 0.4 * 0.5 * 0.75) * (1 - 0.2 * 0.5);
    expect(Math.abs(part() - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / TRIALS));
  });

  it('never loses a component of 15 % of the patch or more, and not both of two', () => {
    const random = Random.fromSeed(3);
    const removing = { shape: 0, removal: 1, perLabel: 1 };
    for (let trial = 0; trial < 20; trial++) {
      const classes = predicted();
      disturbPrevious(classes, shape, 1, random, removing);
      expect(classes.subarray(0, 511)).toEqual(predicted().subarray(0, 511));
      expect(classes[511]).toBe(0);
    }
  });

  it('comes to the network as one channel per class, beside the image, with its truth', async () => {
    const base = 4;
    const truth = Uint8Array.from({ length: 64 }, (_, n) => (n % 3 === 0 ? 1 : 0));
    const previous = Uint8Array.from({ length: 64 }, (_, n) => n % 3);
    const volume = memoryCase({
      shapeDhw: [4, 4, 4],
      channels: 1,
      image: Float32Array.from({ length: 64 }, (_, n) => n + 1),
      classes: joinedClasses(truth, previous, base),
      locations: [new Uint32Array(0), Uint32Array.of(0)],
    });
    const plain = { steps: [], pose: null };
    const spec = {
      blockDhw: [4, 4, 4] as const,
      samplesPerBlock: 1,
      batchSize: 1,
      channels: 1,
      foreground: { kind: 'lastOfBatch', part: 0 } as const,
      augmentation: plain,
      bytesPerLabel: 2 as const,
      mix: null,
      correctedPart: 0,
    };
    const source = new CascadeSource(new PatchSampler({ weights: [1], load: () => Promise.resolve(volume) }, spec, 1), {
      patch: [4, 4, 4],
      channels: 1,
      classCount: 2,
      joinBase: base,
    });
    let undisturbed = 0;
    for (let draw = 0; draw < 30; draw++) {
      await source.draw();
      expect(source.labels).toEqual(truth);
      for (let n = 0; n < 64; n++) expect(source.images[n * 3]).toBe(n + 1);
      const channel = (label: number) => Uint8Array.from({ length: 64 }, (_, n) => source.images[n * 3 + label]!);
      const expected = (label: number) => Uint8Array.from(previous, (value) => (value === label ? 1 : 0));
      if (channel(1).every((value, n) => value === expected(1)[n]) && channel(2).every((value, n) => value === expected(2)[n])) undisturbed++;
      // never two classes in one voxel
      expect(channel(1).some((value, n) => value === 1 && channel(2)[n] === 1)).toBe(false);
    }
    expect(undisturbed).toBeGreaterThan(5);
    expect(undisturbed).toBeLessThan(30);
    const again = source.state;
    await source.draw();
    const images = source.images.slice();
    source.restore(again);
    await source.draw();
    expect(source.images).toEqual(images);
  });
});
