/** A NRRD file of 3D Slicer as a segmentation: layers of label values, in each of which segments exclude each other. */
import type { AppError } from '../../contract/errors.ts';
import type { Grid } from '../../contract/vocabulary.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import { labelValuesIn, labelVoxels } from '../../imaging/labelVoxels.ts';
import type { VoxelArray } from '../../imaging/volume.ts';
import type { ReadSegment, Segmentation } from '../segmentation/segmentation.ts';
import { segmentsFromKeyValues, type SlicerSegment } from './slicerSegments.ts';

export interface ReadSlicerSegments {
  /** With one layer only; `number` is the label value. */
  readonly segments?: readonly ReadSegment[];
  readonly segmentation?: Segmentation;
  readonly warnings: readonly AppError[];
}

/** `layers`: the channels of the file. Nothing when the header names no segment. */
export function segmentationOf(keyValues: ReadonlyMap<string, string>, grid: Grid, layers: readonly VoxelArray[], path: string): ReadSlicerSegments {
  const named = segmentsFromKeyValues(keyValues);
  if (named.length === 0) return { warnings: [] };
  const warn = (detail: string): AppError => ({ code: 'import/values', path, detail });
  // Slicer writes one voxel where it has none: NRRD knows no empty image
  if (grid.dimsIjk.every((count) => count === 1)) return { warnings: [warn('its segments are empty')] };
  const representation = keyValues.get('Segmentation_SourceRepresentation') ?? keyValues.get('Segmentation_MasterRepresentation');
  if (/fractional/i.test(representation ?? '')) return { warnings: [warn('fractional segments are read as an image, not as a mask')] };
  const labels = layers.map(labelVoxels);
  const unusable = labels.find((layer) => !layer.ok);
  if (unusable && !unusable.ok) return { warnings: [warn(`its segments are not read: ${unusable.detail}`)] };
  const voxels = labels.map((layer) => (layer as { voxels: LabelArray }).voxels);
  const lost = named.filter(({ layer }) => layer >= voxels.length);
  const warnings = lost.map(({ name, layer }) => warn(`segment '${name}' is in layer ${layer}, which is not there`));
  const kept = [...named.filter(({ layer }) => layer < voxels.length), ...unnamed(named, voxels)];
  const segments = kept.map(({ layer: _layer, ...segment }): ReadSegment => segment);
  const maskOf = (index: number): Uint8Array => {
    const { layer, number } = kept[index]!;
    const from = voxels[layer]!;
    const mask = new Uint8Array(from.length);
    for (let n = 0; n < from.length; n++) if (from[n] === number && number !== 0) mask[n] = 1;
    return mask;
  };
  const segmentation: Segmentation = { grid, segments, image: { sopInstanceUids: [] }, warnings, maskOf };
  return { segmentation, warnings, ...(voxels.length === 1 ? { segments } : {}) };
}

/** Values in the voxels that no segment claims, so that they are not lost. */
function unnamed(named: readonly SlicerSegment[], layers: readonly LabelArray[]): SlicerSegment[] {
  return layers.flatMap((voxels, layer) =>
    labelValuesIn(voxels)
      .filter((value) => !named.some((segment) => segment.layer === layer && segment.number === value))
      .map((number) => ({ number, layer, name: `label ${number}` })),
  );
}
