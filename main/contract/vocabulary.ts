/**
 * The words of the product as types. World frame is LPS millimetres; volume memory is i-fastest
 * (index = i + ni*(j + nj*k)), which is the same memory as a tensor [D, H, W] with D=k, H=j, W=i.
 */
import { z } from 'zod';
import { LONGEST_MASK_NAME } from './maskNames.ts';

const id = <B extends string>(brand: B) =>
  z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/)
    .brand(brand);

export const CaseId = id('CaseId');
export type CaseId = z.infer<typeof CaseId>;
export const RunId = id('RunId');
export type RunId = z.infer<typeof RunId>;
export const JobId = id('JobId');
export type JobId = z.infer<typeof JobId>;
export const UploadId = id('UploadId');
export type UploadId = z.infer<typeof UploadId>;

const triple = <T extends z.ZodType<number>>(n: T) => z.tuple([n, n, n]).readonly();

/** Voxel counts along i, j, k. In memory i varies fastest. */
export const DimsIjk = triple(z.int().positive()).brand<'DimsIjk'>();
export type DimsIjk = z.infer<typeof DimsIjk>;
/** Millimetres between voxel centres along i, j, k. */
export const SpacingMm = triple(z.number().positive()).brand<'SpacingMm'>();
export type SpacingMm = z.infer<typeof SpacingMm>;
/** A point in LPS millimetres. */
export const PointLpsMm = triple(z.number()).brand<'PointLpsMm'>();
export type PointLpsMm = z.infer<typeof PointLpsMm>;
/** Nine numbers: unit vector (LPS) of the i axis, then of the j axis, then of the k axis. */
export const Direction = z.array(z.number()).length(9).readonly().brand<'Direction'>();
export type Direction = z.infer<typeof Direction>;

/** Where the voxels of a volume lie. `originLpsMm` is the centre of voxel (0,0,0). */
export const Grid = z.object({ dimsIjk: DimsIjk, spacingMm: SpacingMm, originLpsMm: PointLpsMm, direction: Direction }).readonly();
export type Grid = z.infer<typeof Grid>;

export const VoxelType = z.enum(['uint8', 'int16', 'uint16', 'float32']);
export type VoxelType = z.infer<typeof VoxelType>;

/** Label maps have 8 bits, or 16 where the legend needs them (`labelType.ts`). */
export const LARGEST_LABEL_VALUE = 65_535;
export const LabelValue = z.int().min(1).max(LARGEST_LABEL_VALUE, `label values end at ${LARGEST_LABEL_VALUE}`);
const LabelName = z.string().min(1).max(64);

/** A coded concept (DICOM code sequence macro, PS3.3 section 8.8), e.g. SCT 10200004 "Liver". */
export const Code = z.object({ scheme: z.string().min(1).max(16), value: z.string().min(1).max(64), meaning: z.string().min(1).max(64) });
export type Code = z.infer<typeof Code>;
/** What a segment is, in the terms of PS3.3 section C.8.20.2: property category, property type, side or other modifier. */
export const SegmentCodes = z.object({ category: Code, type: Code, modifier: Code.optional() });
export type SegmentCodes = z.infer<typeof SegmentCodes>;

/** What a phantom shows: two structures that adjoin, a CT of an abdomen, an MR of a brain. */
export const PhantomAnatomy = z.enum(['pair', 'abdomen', 'brain']);
export type PhantomAnatomy = z.infer<typeof PhantomAnatomy>;

/** One class in the legend. `labelValue` 0 is background and never a segment. */
export const Segment = z.object({ labelValue: LabelValue, name: LabelName, colorRgb: triple(z.int().min(0).max(255)), codes: SegmentCodes.optional() });
export type Segment = z.infer<typeof Segment>;

/** A union of labels that is learnt as a whole. Where it is predicted, `paintsLabelValue` is painted. */
export const LabelRegion = z.object({ name: LabelName, labelValues: z.array(LabelValue).min(1), paintsLabelValue: LabelValue });
export type LabelRegion = z.infer<typeof LabelRegion>;

/** What labels mean to a training beyond their names, as nnU-Net's `dataset.json` says it. */
export const LabelRules = z.object({
  /** In painting order, later over earlier; `null`: every label is a class of its own and excludes the others. */
  regions: z.array(LabelRegion).min(1).nullable(),
  /** Marks voxels of which nothing is known; never predicted. */
  ignoreLabelValue: LabelValue.nullable(),
});
export type LabelRules = z.infer<typeof LabelRules>;
export const NO_LABEL_RULES: LabelRules = { regions: null, ignoreLabelValue: null };

/**
 * Segments of one file that share voxels. `order`: later over earlier; `keep`: what belongs to several gets a label of its own,
 * and regions say what each segment consists of; `refuse`: the file is left out.
 */
export const OverlapRule = z.enum(['order', 'keep', 'refuse']);
export type OverlapRule = z.infer<typeof OverlapRule>;
/** Standardised uptake by body weight where the headers allow it, or as stored. */
export const PetValues = z.enum(['suv', 'stored']);
export type PetValues = z.infer<typeof PetValues>;

/** Number of an immutable saved labelmap of a case, counted from 1. */
export const Revision = z.int().positive();
export type Revision = z.infer<typeof Revision>;

/** One of the several masks of a case (docs/decisions/0015), counted from 1 within it; every case has the first. */
export const MaskNumber = z.int().positive();
export type MaskNumber = z.infer<typeof MaskNumber>;
export const FIRST_MASK: MaskNumber = 1;
export const FIRST_MASK_NAME = 'Main';
export const MaskName = z.string().trim().min(1).max(LONGEST_MASK_NAME);

/**
 * Where a labelmap came from: `model:` and the run, or the runs of an ensemble joined by `+`. Imported label files are
 * `manual` with the author `import`.
 */
export const RevisionSource = z.string().regex(/^(manual|(model|corrected):[A-Za-z0-9][A-Za-z0-9._+-]*)$/);
export type RevisionSource = z.infer<typeof RevisionSource>;

/** As nnU-Net names them; `3d_cascade_fullres` refines what a trained `3d_lowres` predicts. */
export const ConfigurationName = z.enum(['2d', '3d_lowres', '3d_fullres', '3d_cascade_fullres']);
export type ConfigurationName = z.infer<typeof ConfigurationName>;
/** nnU-Net v2's recipe; NVIDIA's; nnU-Net v2's residual encoders for cards of 8, 24 and 40 GB. */
export const Preset = z.enum(['v2', 'seed', 'resenc_m', 'resenc_l', 'resenc_xl']);
export type Preset = z.infer<typeof Preset>;
/** A task of the Medical Segmentation Decathlon, for which NVIDIA's recipe has fixed numbers. */
export const MsdTask = z.enum(['01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11']);
export type MsdTask = z.infer<typeof MsdTask>;
/** Mixed precision; `auto` picks what the device runs fast and right. */
export const Amp = z.enum(['off', 'auto', 'bf16', 'fp16']);
export type Amp = z.infer<typeof Amp>;
/** Which fifth of the cases validates; with `all` none is held out. */
export const Fold = z.union([z.int().min(0).max(4), z.literal('all')]);
export type Fold = z.infer<typeof Fold>;
/** How a trained model leaves a project: one file for another Maskloop, or a folder that TensorFlow serves. */
export const ModelFormat = z.enum(['bundle', 'savedmodel']);
export type ModelFormat = z.infer<typeof ModelFormat>;
/** How masks leave a project (docs/export.md). */
export const ExportFormat = z.enum(['nifti', 'nrrd', 'mha', 'dicom-seg', 'dicom-seg-labelmap', 'rtstruct', 'stl', 'obj']);
export type ExportFormat = z.infer<typeof ExportFormat>;
