/** Phantoms by formula through our preprocessing, against what nnunetv2 made of them (test/parity/preprocess.py). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Grid } from '../../contract/vocabulary.ts';
import { classLocations } from './classLocations.ts';
import { PlannedChannel } from '../plan/plan.ts';
import { preprocessImage, preprocessLabels } from './preprocess.ts';
import { Random } from '../random.ts';
import { smallConfiguration, smallPlan } from '../testing/smallPlan.ts';

const Triple = z.tuple([z.number(), z.number(), z.number()]);
const Recorded = z.array(
  z.object({
    name: z.string(),
    shape: Triple,
    spacing: Triple,
    plan: z.object({ spacing: Triple, transposeForward: Triple, channels: z.array(PlannedChannel) }),
    resultShape: Triple,
    image: z.array(z.number()),
    classes: z.array(z.number()),
    locationCounts: z.array(z.number()),
  }),
);
const recorded = Recorded.parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../../test/parity/preprocess.json'), 'utf8')));

/** The formula of the script. */
function phantom([nd, nh, nw]: readonly [number, number, number]): { image: Int16Array; labels: Uint8Array } {
  const image = new Int16Array(nd * nh * nw);
  const labels = new Uint8Array(image.length);
  for (let d = 0, n = 0; d < nd; d++)
    for (let h = 0; h < nh; h++)
      for (let w = 0; w < nw; w++, n++) {
        const r = Math.sqrt(((d - (nd - 1) / 2) / nd) ** 2 + ((h - (nh - 1) / 2) / nh) ** 2 + ((w - (nw - 1) / 2) / nw) ** 2);
        if (r < 0.46) image[n] = Math.round(200 + 60 * Math.cos(d * 0.9) + 40 * Math.cos(h * 0.5) * Math.cos(w * 0.7));
        labels[n] = r < 0.2 ? 1 : r < 0.4 && d < nd / 2 && w > nw / 2 ? 2 : 0;
      }
  return { image, labels };
}

describe('nnunetv2 and we make the same of a phantom', () => {
  for (const { name, shape, spacing, plan: planned, resultShape, ...expected } of recorded) {
    it(name, () => {
      const { image: voxels, labels } = phantom(shape);
      const [d, h, w] = spacing;
      const grid = Grid.parse({
        dimsIjk: [shape[2], shape[1], shape[0]],
        spacingMm: [w, h, d],
        originLpsMm: [0, 0, 0],
        direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
      });
      const plan = smallPlan({ transposeForward: planned.transposeForward, channels: planned.channels });
      const { image, geometry, croppedMask } = preprocessImage([{ grid, voxels }], plan, smallConfiguration({ spacingDhwMm: planned.spacing }));
      expect(geometry.shapeDhw).toEqual(resultShape);
      const worst = Math.max(...image.map((value, n) => Math.abs(value - expected.image[n]!)));
      // four decimals are recorded
      expect(worst).toBeLessThan(1e-4);
      const { classes, inside } = preprocessLabels(labels, croppedMask, geometry, plan);
      // theirs has −1 outside the mask
      const ours = Int16Array.from(classes, (value, n) => (inside![n] === 0 ? -1 : value));
      expect([...ours]).toEqual(expected.classes);
      expect(expected.classes.some((value) => value < 0)).toBe(true);
      const { locations } = classLocations(classes, plan, Random.fromSeed(1));
      expect(locations.slice(1).map(({ length }) => length)).toEqual(expected.locationCounts);
    });
  }
});
