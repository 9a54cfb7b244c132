/** The real images beside the checkout (see docs): every file loads or is refused with a reason that is not `internal`. */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import { gridDistanceMm } from '../../imaging/grid.ts';
import type { Volume } from '../../imaging/volume.ts';
import { readEverything, type SourceOutcome } from '../testing/readEverything.ts';

const DATA = fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const isThere = existsSync(DATA);
const notice = isThere ? '' : ' (skipped: ../shared/data is not beside this checkout)';

const readAll = (...paths: string[]) => readEverything(paths);

/** `toEqual` takes seconds on a million voxels. */
function sameVoxels(a: Volume, b: Volume): boolean {
  const bytes = ({ voxels }: Volume) => Buffer.from(voxels.buffer, voxels.byteOffset, voxels.byteLength);
  return a.voxels.constructor === b.voxels.constructor && bytes(a).equals(bytes(b));
}

const byName = (outcomes: readonly SourceOutcome[], name: string) => outcomes.find(({ source }) => source.baseName === name)?.loaded;

describe.skipIf(!isThere)(`real images${notice}`, () => {
  it('msd_hippocampus: all 124 pairs and the DICOM crop load; each trap is named', async () => {
    const { outcomes, problems } = await readAll(join(DATA, 'msd_hippocampus'));
    expect(outcomes.filter(({ error }) => error)).toEqual([]);
    expect(outcomes.filter(({ labels }) => labels.length === 1)).toHaveLength(124);
    expect(outcomes.flatMap(({ loaded }) => loaded?.warnings ?? [])).toEqual([]);
    expect(problems.map(({ code }) => code)).toEqual(['import/label-without-image', 'import/label-without-image']);
    const crop = outcomes.find(({ source }) => source.kind === 'dicom')?.loaded;
    expect(crop).toMatchObject({ modality: 'MR' });
    expect(crop?.channels[0]?.grid.dimsIjk).toEqual([35, 51, 32]);
    expect(crop?.channels[0]?.grid.spacingMm).toEqual([1, 1, 1]);
  });

  it('msd_hippocampus/traps: a label map of another shape leaves the image unlabelled', async () => {
    const root = mkdtempSync(join(tmpdir(), 'maskloop-traps-'));
    cpSync(join(DATA, 'msd_hippocampus/traps/images'), join(root, 'images'), { recursive: true });
    cpSync(join(DATA, 'msd_hippocampus/traps/labels/hippocampus_281.nii.gz'), join(root, 'labels/hippocampus_118.nii.gz'));
    const { outcomes } = await readAll(root);
    rmSync(root, { recursive: true });
    expect(outcomes[0]?.labels).toEqual([]);
    expect(outcomes[0]?.labelErrors).toMatchObject([{ error: { code: 'import/label-shape', imageDims: [37, 52, 33], labelDims: [512, 512, 94] } }]);
  });

  it('nifti_oddities: nine orientations are one image, data types agree', async () => {
    const { outcomes } = await readAll(join(DATA, 'nifti_oddities/orientations48'));
    expect(outcomes).toHaveLength(9);
    const reference = byName(outcomes, 'LPS')!.channels[0]!;
    for (const { loaded, source } of outcomes) {
      expect(gridDistanceMm(loaded!.channels[0]!.grid, reference.grid), source.baseName).toBeLessThan(1e-3);
      expect(sameVoxels(loaded!.channels[0]!, reference), source.baseName).toBe(true);
    }
    const types = await readAll(join(DATA, 'nifti_oddities/nifti-rs/27'));
    const values = types.outcomes.map(({ loaded }) => [...loaded!.channels[0]!.voxels].join());
    expect(new Set(values).size).toBe(1);
    expect(values).toHaveLength(10);
  });

  it('sts_dicom_rtstruct: CT, MR and PET from DICOM equal their NIfTI twins', async () => {
    const { outcomes } = await readAll(join(DATA, 'sts_dicom_rtstruct'));
    for (const name of ['CT', 'MR_T1', 'PET']) {
      const [dicom, nifti] = [byName(outcomes, name)!, byName(outcomes, `${name}_image`)!];
      expect(gridDistanceMm(dicom.channels[0]!.grid, nifti.channels[0]!.grid), name).toBeLessThan(0.01);
      const [a, b] = [dicom.channels[0]!.voxels, nifti.channels[0]!.voxels];
      let largest = 0;
      for (let n = 0; n < a.length; n++) largest = Math.max(largest, Math.abs(a[n]! - b[n]!));
      expect(largest, name).toBeLessThan(1e-3);
    }
  });

  it('dicom2nifti_groundtruth: geometry equals the NIfTI truth', async () => {
    for (const [series, truth] of [
      ['generic/anatomical/001', 'generic/anatomical/001_ground_truth.nii.gz'],
      ['generic/anatomical/002_non_isotropic', 'generic/anatomical/002_non_isotropic_ground_truth.nii.gz'],
      ['hitachi/anatomical/001', 'hitachi/anatomical/001_ground_truth.nii.gz'],
    ] as const) {
      const folder = join(DATA, 'dicom2nifti_groundtruth');
      const { outcomes } = await readAll(join(folder, series), join(folder, truth));
      const [nifti, dicom] = outcomes.map(({ loaded }) => loaded!.channels[0]!.grid);
      expect(gridDistanceMm(nifti!, dicom!), series).toBeLessThan(0.01);
    }
  });

  it('dcmqi: an enhanced multi-frame object equals its classic twin; frames without a position are refused', async () => {
    const { outcomes } = await readAll(join(DATA, 'dicom_seg_interop/dcmqi/segmentations/24x38x3'));
    const [classic, enhanced] = [byName(outcomes, '24x38x3')!.channels[0]!, byName(outcomes, 'multiframe')!.channels[0]!];
    expect(gridDistanceMm(classic.grid, enhanced.grid)).toBeLessThan(1e-3);
    expect(sameVoxels(classic, enhanced)).toBe(true);
    const bare = await readAll(join(DATA, 'dicom_enhanced/emri_small.dcm'));
    expect(bare.outcomes[0]?.error).toMatchObject({ code: 'import/unsupported', detail: '10 frames without a position for each frame' });
  });

  it.each([
    'dicom_corrupt_odd',
    'dicom_enhanced',
    'dicom_geometry_edge',
    'dicom_rtstruct_interop',
    'dicom_seg_interop',
    'dicom_transfer_syntaxes',
    'dicom2nifti_groundtruth',
    'ibsi_oracles',
    'nifti_oddities',
    'nrrd_mha',
    'prostatex_mr',
    'spine_multicontrast',
    'sts_pet_gtv',
    'totalseg_multiorgan',
  ])('%s: everything loads or is refused with its reason', async (set) => {
    const { outcomes, problems } = await readAll(join(DATA, set));
    const refused = [
      ...problems,
      ...outcomes.flatMap(({ error, loaded, labels, labelErrors }) => [
        ...(error ? [error] : loaded!.warnings),
        ...labels.flatMap(({ warnings }) => warnings),
        ...labelErrors.map((one) => one.error),
      ]),
    ];
    for (const error of refused) expect(AppError.parse(error).code).toMatch(/^import\//);
    expect(outcomes.length + problems.length).toBeGreaterThan(0);
  });

  it('a series becomes one case for each b-value or time point; scouts and gaps are refused, a tilt is said', async () => {
    const { outcomes: mr } = await readAll(join(DATA, 'prostatex_mr'), join(DATA, 'dicom_enhanced/Siemens'));
    expect(mr.map(({ source, loaded }) => [source.baseName.split('_').at(-1), loaded?.warnings.length, loaded?.channels[0]!.grid.dimsIjk[2]])).toEqual([
      ...['b50', 'b400', 'b800', '7.000000-ep2ddifftraDYNDISTADC-48780'].map((name) => [name, 0, 19]),
      ...[1, 2, 3, 4].map((time) => [`time${time}`, 0, 6]),
    ]);
    const { outcomes, problems } = await readAll(join(DATA, 'dicom_geometry_edge'));
    expect(byName(outcomes, 'ct_gantry_tilt_variable_spacing_GE')?.warnings).toMatchObject([
      { code: 'import/resampled', detail: expect.stringContaining('gantry tilt of 18.5°') },
    ]);
    expect(outcomes.find(({ source }) => source.baseName === 'CT2')?.error).toMatchObject({
      detail: '161 missing slices: 202.5 mm between slices 1 and 2, usually 1.25 mm; too wide to be filled by interpolation (at most 10 mm and 3 slices)',
    });
    expect(problems.filter((problem) => 'detail' in problem && problem.detail?.includes('localizer'))).toHaveLength(4);
  });

  it('files that alone carry a deflated or big-endian syntax load', async () => {
    const folder = join(DATA, 'dicom_transfer_syntaxes/cornerstone_ct');
    const names = [
      'CTImage.dcm',
      'CTImage.dcm_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm',
      'CTImage.dcm_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm',
    ];
    const volumes: Volume[] = [];
    for (const name of names) volumes.push((await readAll(join(folder, name))).outcomes[0]!.loaded!.channels[0]!);
    expect(sameVoxels(volumes[1]!, volumes[0]!)).toBe(true);
    expect(sameVoxels(volumes[2]!, volumes[0]!)).toBe(true);
  });
});
