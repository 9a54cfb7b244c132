/**
 * A volume of Cornerstone that draws from an array as it is. Cornerstone's own maker of local volumes looks at every voxel for the smallest
 * and the largest, and drawing by the processor asks its volumes for a copy of all voxels, once for each plane and again after each stroke.
 */
import { Enums, ImageVolume, cache, eventTarget, triggerEvent, utilities } from '@cornerstonejs/core';
import type { Types } from '@cornerstonejs/core';
import { valueRange } from './voxelArray.ts';
import type { ValueRange, VoxelArray } from './voxelArray.ts';

export interface LiveVolume {
  readonly dimensions: Types.Point3;
  readonly spacing: Types.Point3;
  readonly origin: Types.Point3;
  readonly direction: Types.Mat3;
  readonly metadata: Types.Metadata;
  readonly voxels: VoxelArray;
  readonly referencedVolumeId?: string;
  readonly referencedImageIds?: string[];
}

function sliceImage(imageId: string, volume: LiveVolume, k: number, [minPixelValue, maxPixelValue]: ValueRange): Types.IImage {
  const {
    dimensions: [width, height],
    spacing: [columnPixelSpacing, rowPixelSpacing],
    voxels,
    metadata,
    referencedImageIds,
  } = volume;
  const scalarData = voxels.subarray(k * width * height, (k + 1) * width * height) as Types.PixelDataTypedArray;
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({
    width,
    height,
    scalarData,
    numberOfComponents: 1,
    id: imageId,
  }) as Types.IVoxelManager<number>;
  const referencedImageId = referencedImageIds?.[k];
  return {
    imageId,
    width,
    height,
    minPixelValue,
    maxPixelValue,
    columnPixelSpacing,
    rowPixelSpacing,
    voxelManager,
    columns: width,
    rows: height,
    intercept: 0,
    slope: 1,
    windowCenter: 0,
    windowWidth: 0,
    voiLUTFunction: Enums.VOILUTFunctionType.LINEAR,
    color: false,
    rgba: false,
    numberOfComponents: 1,
    invert: false,
    dataType: voxels.constructor.name as Types.PixelDataTypedArrayString,
    FrameOfReferenceUID: metadata.FrameOfReferenceUID,
    getPixelData: () => scalarData,
    getCanvas: undefined as unknown as Types.IImage['getCanvas'], // as Cornerstone's own local images have it
    sizeInBytes: scalarData.byteLength,
    ...(referencedImageId === undefined ? {} : { referencedImageId }),
  };
}

/** Puts it into the cache, slice by slice. What is written into the array is drawn as soon as Cornerstone is told that it changed. */
export function cacheLiveVolume(volumeId: string, live: LiveVolume): Types.IImageVolume {
  const { dimensions, spacing, origin, direction, metadata, voxels, referencedVolumeId, referencedImageIds } = live;
  const range = valueRange(voxels);
  const imageIds = Array.from({ length: dimensions[2] }, (_, k) => `${volumeId}_slice_${k}`);
  imageIds.forEach((imageId, k) => cache.putImageSync(imageId, sliceImage(imageId, live, k, range)));
  const voxelManager = utilities.VoxelManager.createImageVolumeVoxelManager({
    imageIds,
    dimensions,
    numberOfComponents: 1,
    id: volumeId,
  }) as Types.IVoxelManager<number>;
  voxelManager.getCompleteScalarDataArray = () => voxels;
  let current: ValueRange | null = range;
  voxelManager.getRange = () => [...(current ??= valueRange(voxels))];
  const { invalidateCache } = voxelManager;
  voxelManager.invalidateCache = () => {
    current = null;
    invalidateCache?.();
  };
  voxelManager.clear = () => undefined; // the array is not Cornerstone's
  const dataType = voxels.constructor.name as Types.PixelDataTypedArrayString;
  const volume = new ImageVolume({
    volumeId,
    metadata,
    dimensions,
    spacing,
    origin,
    direction,
    imageIds,
    dataType,
    voxelManager,
    ...(referencedVolumeId === undefined ? {} : { referencedVolumeId }),
    ...(referencedImageIds === undefined ? {} : { referencedImageIds }),
  } as Types.ImageVolumeProps);
  cache.putVolumeSync(volumeId, volume);
  return volume;
}

/** All of it is drawn anew. */
export function liveVolumeChanged(volumeId: string): void {
  cache.getVolume(volumeId)!.invalidate();
  triggerEvent(eventTarget, Enums.Events.IMAGE_VOLUME_MODIFIED, { volumeId });
}
