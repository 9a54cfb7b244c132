/** Label maps and segmentation objects of all formats, on the grid of their image and with the numbers of their file. */
import { AppException, type AppError } from '../../contract/errors.ts';
import type { Grid, LabelRegion, Segment } from '../../contract/vocabulary.ts';
import { rasterizeRtStruct } from '../../formats/rtStruct/rasterizeRtStruct.ts';
import { readRtStruct } from '../../formats/rtStruct/readRtStruct.ts';
import { createPixelCodecs, type PixelCodecs } from '../../formats/dicom/pixels/pixelCodecs.ts';
import { readDicomSeg } from '../../formats/dicomSeg/readDicomSeg.ts';
import { labelmapOf, type OverlapRule } from '../../formats/segmentation/labelmapOf.ts';
import type { ReadSegment, Segmentation } from '../../formats/segmentation/segmentation.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import { labelVoxels } from '../../imaging/labelVoxels.ts';
import type { Volume } from '../../imaging/volume.ts';
import { codecModule } from './codecModule.ts';
import { defaultColor } from '../../contract/segmentColors.ts';
import { readFile } from '../../vault/readSealed.ts';
import { inflateDicom, type DicomFile } from '../scan/dicomSources.ts';
import { fitLabels } from './fitLabels.ts';
import { readVolumeFile } from './volumeFile.ts';

export interface ReadLabels {
  readonly path: string;
  /** On the image's source grid. */
  readonly voxels: LabelArray;
  /** With their numbers in the file; `null` when the file has numbers only. */
  readonly segments: readonly Segment[] | null;
  /** Do the numbers mean something to people who work with this file? Those of SEG and RTSTRUCT do not. */
  readonly hasOwnNumbers: boolean;
  readonly regions: readonly LabelRegion[] | null;
  readonly warnings: readonly AppError[];
}

export interface ImagePlace {
  readonly grid: Grid;
  /** The header says how the image lies in the patient. */
  readonly isPlaced: boolean;
}

/** A NIfTI, NRRD or MetaImage. Throws `import/…` errors when it is damaged, no label map, or of another image. */
export async function readLabelFile(path: string, image: ImagePlace, overlap: OverlapRule): Promise<ReadLabels> {
  const file = await readVolumeFile(path);
  if (file.segmentation) return fromSegmentation(file.segmentation, path, image.grid, overlap, true);
  if (file.channels.length !== 1) {
    const labelDims = [...file.grid.dimsIjk, file.channels.length];
    throw new AppException({ code: 'import/label-shape', path, imageDims: [...image.grid.dimsIjk], labelDims });
  }
  const isPlaced = image.isPlaced && isPlacedFile(file.warnings);
  const labels = labelVoxels(file.channels[0]!);
  if (!labels.ok) throw new AppException({ code: 'import/label-values', path, detail: labels.detail });
  const fitted = fitLabels({ grid: file.grid, voxels: labels.voxels }, image.grid, path, isPlaced);
  const segments = file.segments?.map(asSegment) ?? null;
  // the image says the same of itself
  const warnings = [...file.warnings.filter(({ code }) => code !== 'import/orientation-assumed'), ...fitted.warnings];
  return { path, voxels: fitted.voxels, segments, hasOwnNumbers: true, regions: null, warnings };
}

const codecs = async (): Promise<PixelCodecs> => createPixelCodecs(await codecModule());

/** A SEG or RTSTRUCT. Throws `import/…` errors. */
export async function readSegmentationObject({ path, segmentation }: DicomFile, imageGrid: Grid, overlap: OverlapRule): Promise<ReadLabels> {
  const bytes = await readFile(path);
  const read =
    segmentation?.kind === 'rtStruct'
      ? rasterizeRtStruct(readRtStruct(bytes, path, inflateDicom), imageGrid)
      : await readDicomSeg(bytes, path, { inflate: inflateDicom, codecs });
  return fromSegmentation(read, path, imageGrid, overlap, false);
}

function fromSegmentation(segmentation: Segmentation, path: string, imageGrid: Grid, overlap: OverlapRule, hasOwnNumbers: boolean): ReadLabels {
  const { labels, segments, regions, warnings } = labelmapOf(segmentation, { overlap, defaultColor }, path);
  const fitted = fitLabels({ grid: segmentation.grid, voxels: labels } satisfies Volume<LabelArray>, imageGrid, path, true);
  return { path, voxels: fitted.voxels, segments, hasOwnNumbers, regions, warnings: [...segmentation.warnings, ...warnings, ...fitted.warnings] };
}

export const isPlacedFile = (warnings: readonly AppError[]): boolean => !warnings.some(({ code }) => code === 'import/orientation-assumed');

const asSegment = ({ number, name, colorRgb, codes }: ReadSegment): Segment => ({
  labelValue: number,
  name: name.trim().slice(0, 64) || `label ${number}`,
  colorRgb: colorRgb ?? defaultColor(number),
  ...(codes ? { codes } : {}),
});
