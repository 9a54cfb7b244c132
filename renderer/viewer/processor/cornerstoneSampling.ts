/** What Cornerstone's viewports for processors ask their sampler, answered by ours; vite.config.ts connects the two. */
import { type ContinuousIjk, type SampledRange, sampleSlice } from './sampleSlice.ts';

type Pixels = Uint8Array | Uint16Array | Int16Array | Int32Array | Float32Array | Float64Array;

interface CornerstoneRequest {
  readonly volume: { readonly dimensions: ContinuousIjk };
  readonly voxelManager: { getCompleteScalarDataArray?(): ArrayLike<number> };
  readonly pixelData: Pixels;
  readonly width: number;
  readonly height: number;
  readonly rowStartIndex: ContinuousIjk;
  readonly xStepIndexDelta: ContinuousIjk;
  readonly yStepIndexDelta: ContinuousIjk;
  /** 0: nearest. */
  readonly interpolationType: number;
  readonly numberOfComponents: number;
  readonly fallbackMin: number;
  readonly fallbackMax: number;
}

/** Undefined: Cornerstone does it itself, as for colour images. */
export function sampleForCornerstone(request: CornerstoneRequest): SampledRange | undefined {
  const { volume, voxelManager, pixelData, interpolationType, numberOfComponents } = request;
  const scalarData = numberOfComponents === 1 ? voxelManager.getCompleteScalarDataArray?.() : undefined;
  if (!scalarData?.length) return undefined;
  const keepsFractions = pixelData instanceof Float32Array || pixelData instanceof Float64Array;
  return sampleSlice({ ...request, dimensions: volume.dimensions, scalarData, isNearest: interpolationType === 0, keepsFractions });
}
