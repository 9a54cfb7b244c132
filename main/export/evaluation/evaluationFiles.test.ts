import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Evaluation, StructureMetrics } from '../../contract/evaluation.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import { drawErrorPicture, PREDICTION_RGB, TRUTH_RGB } from './errorPicture.ts';
import { csvText } from '../../contract/csvText.ts';
import { evaluationCsv } from './evaluationCsv.ts';
import { evaluationHtml, worstFirst } from './evaluationHtml.ts';
import { escapeHtml, figureText } from './figures.ts';
import { encodePng } from './png.ts';

const none = { mean: null, median: null, std: null, min: null, max: null, definedCount: 0 };
const metrics = (dice: number | null): StructureMetrics => ({
  presence: dice === null ? 'neither' : 'both',
  dice,
  iou: dice,
  hd95Mm: null,
  assdMm: null,
  predictedMl: 1,
  truthMl: 2,
  volumeErrorMl: -1,
  volumeErrorPercent: -50,
  truePositives: 1,
  falsePositives: 0,
  falseNegatives: 1,
  trueNegatives: 9,
});
const evaluation = (names: readonly string[], structureNames: readonly string[], dice: number | null = 0.5): Evaluation => ({
  version: 1,
  title: '<Title>',
  createdAt: '2026-01-01',
  absentFromBoth: 'leftOut',
  ignoreLabel: null,
  structures: structureNames.map((name, n) => ({ name, labelValues: [n + 1], colorRgb: [255, 0, 0] })),
  cases: names.map((name) => ({ name, predictionFile: 'p', truthFile: 't', metrics: structureNames.map(() => metrics(dice)) })),
  summary: structureNames.map(() => ({
    dice: none,
    iou: none,
    hd95Mm: none,
    assdMm: none,
    volumeErrorMl: none,
    volumeErrorPercent: none,
    presence: { both: 0, neither: 0, predictionOnly: 0, truthOnly: 0 },
  })),
  foregroundMean: { dice: null, iou: null, hd95Mm: null, assdMm: null },
  leftOut: [],
});

/** RGB rows back from the PNG, by the rules of the standard and zlib only. */
function decode(png: Uint8Array) {
  const bytes = Buffer.from(png);
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const at = bytes.indexOf('IDAT');
  const rows = inflateSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at - 4)));
  const pixel = (x: number, y: number): number[] => [...rows.subarray(y * (1 + width * 3) + 1 + x * 3, y * (1 + width * 3) + 4 + x * 3)];
  return { width, height, pixel };
}

describe('encodePng', () => {
  it('holds the pixels, and the checksums of the standard', () => {
    const png = encodePng(Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7), 2, 2);
    const { width, height, pixel } = decode(png);
    expect([width, height, pixel(1, 0), pixel(1, 1)]).toEqual([2, 2, [0, 255, 0], [9, 8, 7]]);
    expect(Buffer.from(png.slice(-4)).toString('hex')).toBe('ae426082'); // CRC of an empty IEND, as in every PNG
  });
});

describe('drawErrorPicture', () => {
  it('shows the slice with the most differing voxels, outlines in their colours, square pixels', () => {
    const [ni, nj, nk] = [40, 30, 5];
    const grid = gridFromAffine([ni, nj, nk], [1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1]);
    const box = (i0: number, k0: number) =>
      Uint8Array.from({ length: ni * nj * nk }, (_, n) =>
        Number(n % ni >= i0 && n % ni < i0 + 12 && Math.floor(n / ni) % nj >= 10 && Math.floor(n / ni) % nj < 20 && Math.floor(n / ni / nj) === k0),
      );
    const truth = box(6, 3);
    const { slice, differingVoxels, widthPx, heightPx, png } = drawErrorPicture({
      predicted: box(24, 3),
      truth,
      grid,
      image: Float32Array.from(truth, (v) => v * 100),
    });
    expect([slice, differingVoxels]).toEqual([3, 240]);
    expect(widthPx / heightPx).toBeCloseTo(40 / 60, 1); // all 40 columns of 1 mm, 60 mm of rows
    const { width, pixel } = decode(png);
    const colors = Array.from({ length: width }, (_, x) => String(pixel(x, Math.floor(heightPx / 2))));
    const [first, last] = [colors.indexOf(String(TRUTH_RGB)), colors.lastIndexOf(String(PREDICTION_RGB))];
    expect(first / width).toBeCloseTo(6 / 40, 1);
    expect(last / width).toBeCloseTo(36 / 40, 1);
    expect(colors[Math.floor((first + colors.lastIndexOf(String(TRUTH_RGB))) / 2)]).toBe('255,255,255'); // the bright structure itself
  });
});

describe('the table for spreadsheets', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+cmd', "'+cmd"],
    ['-2', "'-2"],
    ['@sum', "'@sum"],
    ['\t=1', "'\t=1"],
    ['a,"b"', '"a,""b"""'],
    ['plain', 'plain'],
  ])('makes %j harmless', (text, cell) => expect(csvText(text)).toBe(cell));

  it('has a row per case and structure, empty where a figure is undefined', () => {
    const [head, first] = evaluationCsv(evaluation(['=evil()'], ['liver'])).split('\r\n');
    expect(head!.split(',').slice(0, 6)).toEqual(['case', 'structure', 'labels', 'presence', 'dice', 'iou']);
    expect(first).toBe("'=evil(),liver,1,both,0.5,0.5,,,1,2,-1,-50,1,0,1,9");
  });
});

describe('the report', () => {
  it('escapes every text that comes from files', () => {
    const html = evaluationHtml({ ...evaluation(['<img src=x onerror=alert(1)>'], ['"><script>']), leftOut: [{ name: '<i>', reason: '<u>' }] }, []);
    expect(html).not.toMatch(/<img|<script|<i>|<u>|<Title>/);
    expect(escapeHtml(`<&>"'`)).toBe('&#60;&#38;&#62;&#34;&#39;');
  });

  it('stays bounded with a thousand cases of sixty structures', () => {
    const many = evaluation(
      Array.from({ length: 1000 }, (_, n) => `case_${n}`),
      Array.from({ length: 60 }, (_, n) => `structure ${n}`),
    );
    const html = evaluationHtml(many, []);
    expect(html.length).toBeLessThan(1_000_000);
    expect(html).toContain('The first 300 of 1000 cases and 12 of 60 structures');
  });

  it('puts the worst case first and those without any structure last', () => {
    const [a, b, c] = [evaluation(['a'], ['x'], 0.9), evaluation(['b'], ['x'], null), evaluation(['c'], ['x'], 0.1)];
    expect(worstFirst({ ...a, cases: [...a.cases, ...b.cases, ...c.cases] }).map(({ name }) => name)).toEqual(['c', 'a', 'b']);
  });

  it('writes numbers for people', () => {
    expect([figureText(null, 2), figureText(-1.234, 2), figureText(-0.001, 2), figureText(0.5, 3)]).toEqual(['–', '−1.23', '0.00', '0.500']);
  });
});
