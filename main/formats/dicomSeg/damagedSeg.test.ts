/** Segmentation objects with mutated bytes: read or refused, soon, and never a crash. */
import { describe, expect, it } from 'vitest';
import { AppException } from '../../contract/errors.ts';
import type { Grid, Segment } from '../../contract/vocabulary.ts';
import { seededRandom } from '../../imaging/phantom.ts';
import { labelmapOf } from '../segmentation/labelmapOf.ts';
import { readDicomSeg } from './readDicomSeg.ts';
import { writeDicomSeg } from './writeDicomSeg.ts';

const GRID = { dimsIjk: [16, 12, 6], spacingMm: [1, 1, 2], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] } as unknown as Grid;
const SEGMENTS: readonly Segment[] = [1, 2].map((labelValue) => ({ labelValue, name: `s${labelValue}`, colorRgb: [9, 9, 9] }));
const LABELS = Uint8Array.from({ length: 16 * 12 * 6 }, (_, n) => (n % 5 === 0 ? 1 + (Math.floor(n / 300) % 2) : 0));
const PROVENANCE = { softwareVersion: '0', origin: 'manual' as const, models: [], author: '', savedAtMs: 0, accepted: null };
const MUTATIONS = 1500;

describe.each(['BINARY', 'LABELMAP'] as const)('damaged %s', (type) => {
  const whole = writeDicomSeg({
    type,
    grid: GRID,
    labels: LABELS,
    segments: SEGMENTS,
    subject: 'x',
    provenance: PROVENANCE,
    nowMs: 0,
    random: (count) => new Uint8Array(count),
  });

  it(`${MUTATIONS} mutations`, async () => {
    const random = seededRandom(11);
    const outcomes = { read: 0, refused: 0 };
    for (let n = 0; n < MUTATIONS; n++) {
      const bytes = whole.slice(0, random() < 0.2 ? Math.floor(random() * whole.length) : whole.length);
      for (let change = Math.ceil(random() * 4); change > 0; change--) bytes[132 + Math.floor(random() * (bytes.length - 132))] = Math.floor(random() * 256);
      const before = performance.now();
      try {
        const segmentation = await readDicomSeg(bytes, 'x.dcm');
        labelmapOf(segmentation, { overlap: 'keep', defaultColor: () => [0, 0, 0] }, 'x.dcm');
        outcomes.read++;
      } catch (thrown) {
        expect(thrown, `mutation ${n}: ${String((thrown as Error).stack)}`).toBeInstanceOf(AppException);
        outcomes.refused++;
      }
      expect(performance.now() - before).toBeLessThan(5000);
    }
    expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(100);
  }, 30_000);
});
