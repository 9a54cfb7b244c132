import { describe, expect, it } from 'vitest';
import { writeDicomSeries, type DicomSeriesOptions } from '../../../test/phantoms/writeDicomSeries.ts';
import { errorOf } from '../../contract/testing/errorOf.ts';
import { gridDistanceMm, gridFromAffine } from '../../imaging/grid.ts';
import { readDicomSummary } from './dicomSummary.ts';
import { looksLikeDicom } from './parseDicom.ts';
import { readDicomSlices } from './readDicomSlices.ts';
import { splitStacks } from './stack/splitStacks.ts';
import { stackDicomSlices, type DicomVolume } from './stack/stackDicomSlices.ts';

const oblique = gridFromAffine([5, 4, 6], obliqueAffine());
const voxels = Int16Array.from({ length: 120 }, (_, n) => n * 9 - 500);

function obliqueAffine(): number[] {
  const [c, s] = [Math.cos(0.4), Math.sin(0.4)];
  const axes = [
    [0.8, 0, 0],
    [0, 1.2 * c, 1.2 * s],
    [0, -2.5 * s, 2.5 * c],
  ];
  return [...[0, 1, 2].flatMap((world) => [...axes.map((axis) => axis[world]!), [-30.5, 12, 444.25][world]!]), 0, 0, 0, 1];
}

/** Reads slices in a mixed-up order, as folders list them. */
function readSeries(options: DicomSeriesOptions = {}, keep: (slice: number) => boolean = () => true): DicomVolume {
  const files = writeDicomSeries(oblique, voxels, options).filter((_, slice) => keep(slice));
  const mixed = files.map((bytes, n) => [bytes, (n * 5) % 7] as const).sort((a, b) => a[1] - b[1]);
  return stackDicomSlices(
    mixed.flatMap(([bytes], n) => readDicomSlices(bytes, `${n}.dcm`)),
    'series',
  );
}

describe('DICOM series', () => {
  it.each(['explicitLittle', 'implicitLittle', 'explicitBig'] as const)(
    'reads values and geometry of an oblique %s series in any file order',
    (transferSyntax) => {
      const volume = readSeries({ transferSyntax });
      expect(volume.voxels).toEqual(voxels);
      expect(gridDistanceMm(volume.grid, oblique)).toBeLessThan(1e-6);
      expect(volume.warnings).toEqual([]);
    },
  );

  it('reads bare data sets without preamble', () => {
    expect(readSeries({ hasPreamble: false }).voxels).toEqual(voxels);
    expect(readSeries({ hasPreamble: false, transferSyntax: 'implicitLittle' }).voxels).toEqual(voxels);
  });

  it('applies the rescale of each slice', () => {
    const whole = readSeries({ intercept: '-1024', slope: () => '2' });
    expect(whole.voxels).toEqual(voxels.map((value) => value * 2 - 1024));
    const fractional = readSeries({ slope: (slice) => String(0.5 + slice) });
    expect(fractional.voxels).toEqual(Float32Array.from(voxels, (value, n) => value * (0.5 + Math.floor(n / 20))));
  });

  it('ignores bits above BitsStored and keeps the sign below', () => {
    const dirty = voxels.map((value, n) => (n % 2 === 0 ? value & 0x0fff : (value & 0x0fff) | 0x5000));
    const files = writeDicomSeries(oblique, dirty, { bitsStored: 12 });
    const volume = stackDicomSlices(
      files.flatMap((bytes, n) => readDicomSlices(bytes, `${n}.dcm`)),
      'series',
    );
    expect(volume.voxels).toEqual(voxels);
  });

  it('takes the same file twice only once', () => {
    const files = writeDicomSeries(oblique, voxels);
    const slices = [...files, files[2]!].flatMap((bytes, n) => readDicomSlices(bytes, `${n}.dcm`));
    expect(stackDicomSlices(slices, 'series').grid.dimsIjk[2]).toBe(6);
  });

  it('takes a single slice with a warning', () => {
    const volume = readSeries({}, (slice) => slice === 0);
    expect(volume.grid.spacingMm[2]).toBe(99);
    expect(volume.warnings).toMatchObject([{ code: 'import/assumed', detail: 'a single slice: 99 mm taken as its thickness' }]);
  });

  it('keeps MONOCHROME1 values and says so', () => {
    const volume = readSeries({ photometric: 'MONOCHROME1' });
    expect(volume.voxels).toEqual(voxels);
    expect(volume.warnings).toHaveLength(1);
  });

  it.each([
    [
      'several orientations',
      { orientation: (slice: number, c: readonly number[]) => (slice === 4 ? [0, 1, 0, 0, 0, 1] : c) },
      () => true,
      'slices of several orientations in one series (a localizer or a rotating view)',
    ],
    ['no orientation', { orientation: () => [] }, () => true, 'no ImageOrientationPatient: the image does not say how it lies in the patient'],
    [
      'oblique rows and columns',
      { orientation: () => [1, 0, 0, 0.5, 0.8660254, 0] },
      () => true,
      'rows and columns of ImageOrientationPatient are not at right angles',
    ],
  ])('refuses %s', (_, options, keep, detail) => {
    expect(errorOf(() => readSeries(options, keep))).toEqual({ code: 'import/bad-geometry', path: 'series', detail });
  });

  it('refuses video and colour images by name', () => {
    expect(errorOf(() => readSeries({ declaredSyntax: '1.2.840.10008.1.2.4.100' }))).toEqual({
      code: 'import/unsupported',
      path: '0.dcm',
      detail: 'MPEG-2 video (1.2.840.10008.1.2.4.100)',
    });
    expect(errorOf(() => readSeries({ photometric: 'RGB' }))).toMatchObject({
      code: 'import/unsupported',
      detail: 'colour image (RGB), where a volume needs one intensity for each voxel',
    });
  });

  it('says how many bytes a truncated file misses', () => {
    const [bytes] = writeDicomSeries(oblique, voxels);
    const error = errorOf(() => readDicomSlices(bytes!.subarray(0, bytes!.length - 7), 'a.dcm'));
    expect(error).toEqual({ code: 'import/truncated', path: 'a.dcm', expectedBytes: bytes!.length, actualBytes: bytes!.length - 7 });
  });

  it('never fails in an unexpected way, wherever a file is cut or damaged', () => {
    const [bytes] = writeDicomSeries(oblique, voxels);
    for (let at = 0; at < bytes!.length; at++) {
      const cut = errorOf(() => readDicomSlices(bytes!.subarray(0, at), 'a.dcm'));
      expect(cut, `cut at ${at}`).toMatchObject({ code: expect.stringMatching(/^import\//) });
      const damaged = Uint8Array.from(bytes!);
      damaged[at] = damaged[at]! ^ 0xff;
      const result = errorOf(() => {
        splitStacks(readDicomSummary(damaged, 'a.dcm').frames);
        stackDicomSlices(readDicomSlices(damaged, 'a.dcm'), 'a.dcm');
      });
      if (result !== undefined) expect(result, `damaged at ${at}`).toMatchObject({ code: expect.stringMatching(/^import\//) });
    }
  });

  it('summarises a file by its head and knows what is no DICOM', () => {
    const [bytes] = writeDicomSeries(oblique, voxels, { modality: 'MR', patientId: 'P7' });
    expect(readDicomSummary(bytes!, 'a.dcm')).toMatchObject({
      modality: 'MR',
      patientId: 'P7',
      rows: 4,
      columns: 5,
      content: 'image',
      isWhole: true,
      isCompressed: false,
    });
    expect(looksLikeDicom(bytes!.subarray(0, 132))).toBe(true);
    expect(looksLikeDicom(Uint8Array.from('this is a text file, nothing else', (c) => c.charCodeAt(0)))).toBe(false);
    expect(looksLikeDicom(new Uint8Array(0))).toBe(false);
  });
});
