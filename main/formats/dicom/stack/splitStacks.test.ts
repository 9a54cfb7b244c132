import { describe, expect, it } from 'vitest';
import type { FrameHeader } from './frameHeader.ts';
import { splitStacks, type Stack } from './splitStacks.ts';

const AXIAL = [1, 0, 0, 0, 1, 0];
const SAGITTAL = [0, 1, 0, 0, 0, -1];

let made = 0;
function frame(k: number, more: Partial<FrameHeader> = {}): FrameHeader {
  return {
    key: `1.2.${++made}`,
    rows: 4,
    columns: 5,
    frameOfReferenceUid: '1.2.840.1',
    positionLpsMm: [-10, 5, 3 * k],
    orientation: AXIAL,
    pixelSpacingMm: [1, 1],
    imageType: 'ORIGINAL\\PRIMARY',
    instanceNumber: made,
    ...more,
  };
}

/** `count` slices for each of the contrasts, slice by slice, as scanners number them. */
const series = (contrasts: readonly ((k: number) => Partial<FrameHeader>)[], count = 6) =>
  Array.from({ length: count }, (_, k) => contrasts.map((contrast) => frame(k, contrast(k)))).flat();
const namesOf = (stacks: readonly Stack[]) => stacks.map(({ name, frames }) => `${name}: ${frames.length}`);

describe('splitStacks', () => {
  it('leaves a series alone that is one stack, whatever else differs from slice to slice', () => {
    const frames = series([(k) => ({ acquisitionNumber: k, contentTime: `1200${k}`, imageType: `A\\${k % 2}` })]);
    expect(splitStacks(frames)).toEqual([{ frames, name: '', why: '' }]);
    expect(splitStacks([])).toEqual([]);
  });

  it('counts a frame met twice once', () => {
    const frames = series([() => ({})]);
    expect(splitStacks([...frames, frames[2]!])[0]!.frames).toHaveLength(6);
  });

  it('names b-values, echoes, time points, phases, inversion times', () => {
    const two = (key: keyof FrameHeader, a: number, b: number) => namesOf(splitStacks(series([() => ({ [key]: b }), () => ({ [key]: a })])));
    expect(two('bValue', 50, 800)).toEqual(['b=50: 6', 'b=800: 6']);
    expect(two('echoNumber', 1, 2)).toEqual(['echo 1: 6', 'echo 2: 6']);
    expect(two('echoTimeMs', 2.3, 4.6)).toEqual(['TE 2.3 ms: 6', 'TE 4.6 ms: 6']);
    expect(two('temporalIndex', 1, 2)).toEqual(['time 1: 6', 'time 2: 6']);
    expect(two('triggerTimeMs', 0, 37.5)).toEqual(['phase 1: 6', 'phase 2: 6']);
    expect(two('inversionTimeMs', 300, 900)).toEqual(['TI 300 ms: 6', 'TI 900 ms: 6']);
    expect(two('acquisitionNumber', 3, 4)).toEqual(['acquisition 3: 6', 'acquisition 4: 6']);
  });

  it('takes values that differ only by rounding for one', () => {
    const frames = series([(k) => ({ bValue: 1000 + 1e-4 * k }), (k) => ({ bValue: 500 - 1e-4 * k })]);
    expect(namesOf(splitStacks(frames))).toEqual(['b=500: 6', 'b=1000: 6']);
  });

  it('gives the reason', () => {
    const [stack] = splitStacks(series([() => ({ bValue: 0 }), () => ({ bValue: 500 }), () => ({ bValue: 1000 })]));
    expect(stack!.why).toBe('3 b-values at the same positions');
  });

  it('takes the b-value for the reason although every image has a time of its own', () => {
    const frames = series([0, 1].map((n) => (k: number) => ({ bValue: 500 * n, acquisitionTime: `12000${2 * k + n}` })));
    expect(namesOf(splitStacks(frames))).toEqual(['b=0: 6', 'b=500: 6']);
  });

  it('calls image types by what they do not share', () => {
    const frames = series([() => ({ imageType: 'DERIVED\\PRIMARY\\DIXON\\WATER' }), () => ({ imageType: 'DERIVED\\PRIMARY\\DIXON\\FAT' })]);
    expect(namesOf(splitStacks(frames))).toEqual(['fat: 6', 'water: 6']);
  });

  it('needs two reasons where one is not enough', () => {
    const frames = series([1, 2].flatMap((echoNumber) => ['M', 'P'].map((part) => () => ({ echoNumber, imageType: `ORIGINAL\\PRIMARY\\${part}` }))));
    expect(namesOf(splitStacks(frames))).toEqual(['echo 1, m: 6', 'echo 1, p: 6', 'echo 2, m: 6', 'echo 2, p: 6']);
  });

  it('keeps images without a b-value beside those that have one', () => {
    const frames = series([() => ({}), () => ({ bValue: 800 })]);
    expect(namesOf(splitStacks(frames))).toEqual(['b=800: 6', 'no b-values: 6']);
  });

  it('takes a dynamic series by the order in time when every slice has a time of its own', () => {
    const frames = series([0, 1, 2].map((n) => (k: number) => ({ acquisitionTime: `12${n}00${k}` })));
    const stacks = splitStacks([...frames].reverse());
    expect(namesOf(stacks)).toEqual(['time 1: 6', 'time 2: 6', 'time 3: 6']);
    expect(stacks[1]!.frames.every(({ acquisitionTime }) => acquisitionTime!.startsWith('121'))).toBe(true);
  });

  it('takes unexplained repeats by their number, but not when one slice lacks its repeat', () => {
    const frames = series([() => ({}), () => ({})]);
    expect(namesOf(splitStacks(frames))).toEqual(['repeat 1: 6', 'repeat 2: 6']);
    expect(namesOf(splitStacks(frames.slice(1)))).toEqual([': 11']);
  });

  it('splits by orientation, size and spacing', () => {
    const frames = [
      ...series([() => ({})]),
      ...series([(k) => ({ orientation: SAGITTAL, positionLpsMm: [3 * k, 0, 0] })], 3),
      ...series([() => ({ rows: 8 })], 2),
    ];
    expect(namesOf(splitStacks(frames))).toEqual(['axial 5x4: 6', 'sagittal 5x4: 3', 'axial 5x8: 2']);
    const spacings = [...series([() => ({})]), ...series([() => ({ pixelSpacingMm: [0.5, 0.5] })])];
    expect(namesOf(splitStacks(spacings))).toEqual(['1.00x1.00 mm: 6', '0.50x0.50 mm: 6']);
    const places = [...series([() => ({})]), ...series([() => ({ frameOfReferenceUid: '1.2.840.2' })])];
    expect(namesOf(splitStacks(places))).toEqual(['axial: 6', 'axial (2): 6']);
  });

  it('refuses single views of other orientations and mosaics, with the reason', () => {
    const scout = frame(0, { orientation: SAGITTAL });
    const mosaic = frame(0, { imageType: 'ORIGINAL\\PRIMARY\\M\\ND\\MOSAIC' });
    const stacks = splitStacks([scout, ...series([() => ({})]), mosaic]);
    expect(namesOf(stacks)).toEqual([': 6', 'views: 1', 'mosaic: 1']);
    expect(stacks[0]!.refusal).toBeUndefined();
    expect(stacks[1]!.refusal).toBe('1 single images of different orientations (a localizer or a rotating view), no volume');
    expect(stacks[2]!.refusal).toContain('Siemens mosaic');
  });

  it('loses no frame and repeats none, whatever the headers say', () => {
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    for (let run = 0; run < 200; run++) {
      const frames = Array.from({ length: 1 + random(30) }, () =>
        frame(random(5), {
          ...(random(3) === 0 ? {} : { bValue: random(3) }),
          ...(random(4) === 0 ? { orientation: random(2) === 0 ? SAGITTAL : [NaN, 0, 0, 0, 1, 0] } : {}),
          ...(random(9) === 0 ? { positionLpsMm: undefined } : {}),
          ...(random(9) === 0 ? { pixelSpacingMm: undefined } : {}),
          acquisitionTime: String(random(4)),
        }),
      );
      const stacks = splitStacks(frames);
      expect(stacks.flatMap((stack) => stack.frames.map(({ key }) => key)).sort()).toEqual(frames.map(({ key }) => key).sort());
      expect(new Set(stacks.map(({ name }) => name)).size).toBe(stacks.length);
    }
  });
});
