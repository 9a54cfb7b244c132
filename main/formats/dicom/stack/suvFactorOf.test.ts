import { describe, expect, it } from 'vitest';
import { writeDicomSeries, type DicomElement } from '../../../../test/phantoms/writeDicomSeries.ts';
import { gridFromAffine } from '../../../imaging/grid.ts';
import { parseDicom } from '../parseDicom.ts';
import { readDicomSlices } from '../readDicomSlices.ts';
import { stackDicomSlices } from './stackDicomSlices.ts';
import { suvFactorOf } from './suvFactorOf.ts';

const HALF_LIFE_S = 6586.2;
const DOSE_BQ = 370e6;
const WEIGHT_KG = 70;
const FULL_DOSE_FACTOR = (WEIGHT_KG * 1000) / DOSE_BQ;

const text = (tag: string, vr: string, value: string): DicomElement => [tag, vr, value];

/** One item of a sequence, of explicit little-endian elements with short values. */
function sequence(tag: string, elements: readonly (readonly [string, string, string])[]): DicomElement {
  const item = elements.flatMap(([innerTag, vr, value]) => {
    const padded = value.length % 2 === 0 ? value : `${value} `;
    const number = (hex: string) => [parseInt(hex.slice(2), 16), parseInt(hex.slice(0, 2), 16)];
    const head = [...number(innerTag.slice(0, 4)), ...number(innerTag.slice(4)), vr.charCodeAt(0), vr.charCodeAt(1)];
    return [...head, padded.length, 0, ...Array.from(padded, (character) => character.charCodeAt(0))];
  });
  return [tag, 'SQ', Uint8Array.from([0xfe, 0xff, 0x00, 0xe0, item.length, 0, 0, 0, ...item])];
}

const tracer = (start: readonly [string, string, string], dose = String(DOSE_BQ)) =>
  sequence('00540016', [start, ['00181074', 'DS', dose], ['00181075', 'DS', String(HALF_LIFE_S)]]);
const injectedAt = (time: string) => tracer(['00181072', 'TM', time]);

const scan: readonly DicomElement[] = [
  text('00080021', 'DA', '20240305'),
  text('00080031', 'TM', '110000'),
  text('00080022', 'DA', '20240305'),
  text('00080032', 'TM', '110000.00'),
  text('00101030', 'DS', String(WEIGHT_KG)),
  text('00280051', 'CS', 'DECY\\ATTN\\SCAT'),
  text('00541001', 'CS', 'BQML'),
  text('00541102', 'CS', 'START'),
  injectedAt('100000'),
];

function file(changes: readonly DicomElement[] = [], slices = 1): Uint8Array[] {
  const grid = gridFromAffine([2, 2, slices], [4, 0, 0, 0, 0, 4, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1]);
  const voxels = Int16Array.from({ length: 4 * slices }, (_, n) => 100 * n);
  const all = [...scan.filter(([tag]) => !changes.some(([other]) => other === tag)), ...changes];
  return writeDicomSeries(grid, voxels, { modality: 'PT', slope: () => '2.5', more: () => all });
}

const factorOf = (changes: readonly DicomElement[] = []) => suvFactorOf(parseDicom(file(changes)[0]!, 'a.dcm').dataSet);
const after = (seconds: number) => FULL_DOSE_FACTOR / 2 ** (-seconds / HALF_LIFE_S);

describe('suvFactorOf', () => {
  it('decays the dose to the start of the scan, to the injection, or not at all', () => {
    expect(factorOf()).toBeCloseTo(after(3600), 12);
    expect(factorOf([text('00541102', 'CS', 'ADMIN')])).toBeCloseTo(FULL_DOSE_FACTOR, 12);
    expect(factorOf([text('00541001', 'CS', 'GML')])).toBe(1);
  });

  it('takes the middle of the counts where nothing was corrected for decay', () => {
    const factor = factorOf([text('00541102', 'CS', 'NONE'), text('00280051', 'CS', 'ATTN'), text('00181242', 'IS', '600000')]);
    // within ten minutes decay is nearly linear: the mean count rate is that of the middle, 4.99 minutes on
    const secondsOn = Math.log2((factor as number) / FULL_DOSE_FACTOR) * HALF_LIFE_S - 3600;
    expect(secondsOn).toBeGreaterThan(295);
    expect(secondsOn).toBeLessThan(300);
  });

  it('knows an injection before midnight, and one with its date', () => {
    const night = [text('00080031', 'TM', '003000'), text('00080032', 'TM', '003000'), injectedAt('233000')];
    expect(factorOf(night)).toBeCloseTo(after(3600), 12);
    expect(factorOf([tracer(['00181078', 'DT', '20240305093000.00'])])).toBeCloseTo(after(5400), 12);
  });

  it('does not believe a series time behind the acquisition', () => {
    const later = text('00080031', 'TM', '153000');
    expect(factorOf([later])).toBe('the start of the scan is unknown (the series was made after the acquisition)');
    const ge = [later, text('00090010', 'LO', 'GEMS_PETD_01'), text('0009100D', 'DT', '20240305110000.00')];
    expect(factorOf(ge)).toBeCloseTo(after(3600), 12);
    const frames = [later, text('00541300', 'DS', '900000'), text('00181242', 'IS', '2000')];
    // the frame's average lies 15 minutes after the start of the scan: that start is a quarter of an hour earlier
    expect(factorOf(frames)).toBeCloseTo(after(3600 - 900 + 1), 9);
  });

  it("takes Philips' factors for counts", () => {
    const philips = [text('00541001', 'CS', 'CNTS'), text('70530010', 'LO', 'Philips PET Private Group')];
    expect(factorOf([...philips, text('70531000', 'DS', '0.00042')])).toBe(0.00042);
    expect(factorOf([...philips, text('70531009', 'DS', '3.5')])).toBeCloseTo(3.5 * after(3600), 12);
    expect(factorOf(philips)).toBe('units are counts, without a factor of the vendor');
  });

  it.each([
    ['no weight', [text('00101030', 'DS', '')], 'no PatientWeight'],
    ['a dose in MBq', [tracer(['00181072', 'TM', '100000'], '370')], 'a dose of 370 Bq'],
    ['no attenuation correction', [text('00280051', 'CS', 'DECY')], 'not corrected for attenuation'],
    ['contradicting corrections', [text('00280051', 'CS', 'ATTN')], 'CorrectedImage and DecayCorrection (START) do not agree'],
    ['an injection after the scan', [tracer(['00181078', 'DT', '20240305113000'])], 'the injection lies behind the scan'],
    ['an injection long ago', [tracer(['00181078', 'DT', '20240303113000'])], '47.5 hours between injection and scan'],
    ['other units', [text('00541001', 'CS', 'PROPCPS')], 'units are PROPCPS'],
    ['SUV by lean mass', [text('00541001', 'CS', 'GML'), text('00541006', 'CS', 'LBM')], 'the values are SUV by LBM, not by body weight'],
  ])('says what is missing: %s', (_, changes, reason) => {
    expect(factorOf(changes)).toBe(reason);
  });
});

describe('a PET series', () => {
  const stack = (changes: readonly DicomElement[] = [], pet?: 'suv' | 'stored') =>
    stackDicomSlices(
      file(changes, 3).flatMap((bytes, n) => readDicomSlices(bytes, `${n}`)),
      'pet',
      pet ? { pet } : {},
    );

  it('becomes SUV and says so', () => {
    const volume = stack();
    expect(volume.quantity).toBe('SUVbw');
    expect(volume.voxels[11]! / (1100 * 2.5 * after(3600))).toBeCloseTo(1, 6);
    expect(volume.warnings).toMatchObject([{ code: 'import/values', detail: 'PET in BQML was converted to SUV by body weight, factor 0.000276337' }]);
  });

  it('stays as stored when asked, or when something is missing, which is said', () => {
    expect(stack([], 'stored')).toMatchObject({ quantity: 'BQML', warnings: [] });
    const unknown = stack([text('00101030', 'DS', '')]);
    expect(unknown.voxels[11]).toBe(2750);
    expect(unknown).toMatchObject({ quantity: 'BQML', warnings: [{ code: 'import/values', detail: 'PET values stay as stored (BQML): no PatientWeight' }] });
    expect(stack([text('00541001', 'CS', 'GML')])).toMatchObject({ quantity: 'SUVbw', warnings: [] });
  });
});
