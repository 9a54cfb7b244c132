/** Puts a case's voxels into Cornerstone's cache as a volume and a labelmap of the same grid. */
import { cache, utilities } from '@cornerstonejs/core';
import type { Types } from '@cornerstonejs/core';
import type { Grid } from '../../main/contract/vocabulary.ts';
import type { LabelArray } from './labelSlots.ts';
import { cacheLiveVolume } from './liveVolume.ts';
import type { VoxelArray } from './voxelArray.ts';

// Without ':' — Cornerstone would look for an image loader of that scheme.
export const IMAGE_VOLUME_ID = 'case-image';

export const point = (values: readonly number[]): Types.Point3 => [values[0]!, values[1]!, values[2]!];

/** Tools that go by slices need the planes they lie in. */
function describeSlices(imageIds: readonly string[], grid: Grid, frameOfReferenceUID: string, modality: string): void {
  const [columns, rows] = grid.dimsIjk;
  const [columnSpacing, rowSpacing, sliceSpacing] = grid.spacingMm;
  const rowCosines = grid.direction.slice(0, 3);
  const columnCosines = grid.direction.slice(3, 6);
  const normal = grid.direction.slice(6, 9);
  imageIds.forEach((imageId, k) => {
    const imagePositionPatient = grid.originLpsMm.map((start, axis) => start + normal[axis]! * sliceSpacing * k);
    utilities.genericMetadataProvider.add(imageId, {
      type: 'imagePlaneModule',
      metadata: {
        frameOfReferenceUID,
        rows,
        columns,
        rowCosines,
        columnCosines,
        imagePositionPatient,
        imageOrientationPatient: [...rowCosines, ...columnCosines],
        sliceThickness: sliceSpacing,
        pixelSpacing: [rowSpacing, columnSpacing],
        rowPixelSpacing: rowSpacing,
        columnPixelSpacing: columnSpacing,
      },
    });
    utilities.genericMetadataProvider.add(imageId, { type: 'generalSeriesModule', metadata: { modality } });
  });
}

function metadataOf(voxels: VoxelArray, grid: Grid, modality: string, frameOfReferenceUID: string): Types.Metadata {
  const bits = voxels.BYTES_PER_ELEMENT * 8;
  const { direction, spacingMm, dimsIjk } = grid;
  return {
    BitsAllocated: bits,
    BitsStored: bits,
    HighBit: bits - 1,
    PixelRepresentation: voxels instanceof Int16Array || voxels instanceof Float32Array ? 1 : 0,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Modality: modality,
    SeriesInstanceUID: '',
    ImageOrientationPatient: direction.slice(0, 6),
    PixelSpacing: [spacingMm[1], spacingMm[0]],
    FrameOfReferenceUID: frameOfReferenceUID,
    Columns: dimsIjk[0],
    Rows: dimsIjk[1],
    voiLut: [],
    VOILUTFunction: 'LINEAR',
  };
}

const geometryOf = (grid: Grid) => ({
  dimensions: point(grid.dimsIjk),
  spacing: point(grid.spacingMm),
  origin: point(grid.originLpsMm),
  direction: [...grid.direction] as Types.Mat3,
});

/** The array stays live: Cornerstone draws from it. */
export function cacheCaseImage(grid: Grid, modality: string, voxels: VoxelArray, volumeId = IMAGE_VOLUME_ID): void {
  const frameOfReferenceUID = utilities.uuidv4();
  const metadata = metadataOf(voxels, grid, modality, frameOfReferenceUID);
  const image = cacheLiveVolume(volumeId, { ...geometryOf(grid), metadata, voxels });
  describeSlices(image.imageIds, grid, frameOfReferenceUID, modality);
}

/** A labelmap on a cached image, under an id without ':' that no other had. The array stays live: the brush writes into it. */
export function cacheLabelmap(volumeId: string, grid: Grid, modality: string, labels: LabelArray, imageVolumeId = IMAGE_VOLUME_ID): void {
  const image = cache.getVolume(imageVolumeId)!;
  const { FrameOfReferenceUID } = image.metadata;
  const referenced = { referencedVolumeId: imageVolumeId, referencedImageIds: image.imageIds };
  const labelmap = cacheLiveVolume(volumeId, {
    ...geometryOf(grid),
    ...referenced,
    metadata: metadataOf(labels, grid, modality, FrameOfReferenceUID),
    voxels: labels,
  });
  describeSlices(labelmap.imageIds, grid, FrameOfReferenceUID, 'SEG');
}

/** A volume on the grid of the cached image that is only looked at, under an id without ':' that no other had. */
export function cacheOverlayVolume(volumeId: string, grid: Grid, voxels: VoxelArray): void {
  const { FrameOfReferenceUID } = cache.getVolume(IMAGE_VOLUME_ID)!.metadata;
  const metadata = metadataOf(voxels, grid, 'OT', FrameOfReferenceUID);
  const volume = cacheLiveVolume(volumeId, { ...geometryOf(grid), metadata, voxels });
  describeSlices(volume.imageIds, grid, FrameOfReferenceUID, 'OT');
}

export function dropVolume(volumeId: string): void {
  const { imageIds } = cache.getVolume(volumeId)!;
  cache.removeVolumeLoadObject(volumeId);
  for (const imageId of imageIds) if (cache.getImageLoadObject(imageId)) cache.removeImageLoadObject(imageId);
}

export function dropCaseVolumes(): void {
  cache.purgeCache();
  utilities.genericMetadataProvider.clear();
}
