/** Cornerstone for this page. */
import { cache, getRenderingCapabilities, init as initCore } from '@cornerstonejs/core';
import { init as initTools } from '@cornerstonejs/tools';
import { registerColorMaps } from './colorMaps.ts';
import type { DRAWING_DEVICES } from '../../main/contract/preferences.ts';
import { registerTools } from './mprTools.ts';

const CACHE_BYTES = 6 * 2 ** 30;
const PROCESSOR_RENDERING = { useCPURendering: true, useGenericViewport: true, planar: { cpuVolume: { volumeModifiedThrottleMs: 0 } } };

export type DrawWith = (typeof DRAWING_DEVICES)[number];

let started: { readonly byProcessor: boolean } | null = null;
/** Once for this page; later calls do nothing. */
export function startCornerstone(drawWith: DrawWith): void {
  if (started) return;
  const byProcessor = drawsByProcessor(drawWith);
  initCore(byProcessor ? { debug: {}, rendering: PROCESSOR_RENDERING } : undefined);
  initTools();
  cache.setMaxCacheSize(CACHE_BYTES);
  registerTools();
  registerColorMaps();
  started = { byProcessor };
}

/** Whether Cornerstone's viewports for processors draw, without WebGL: as the page began, or as it would. */
export function drawsByProcessor(drawWith: DrawWith): boolean {
  if (started) return started.byProcessor;
  const { hasWebGl, isSoftware } = renderingAbility();
  return !hasWebGl || drawWith === 'processor' || (drawWith === 'auto' && isSoftware);
}

export interface RenderingAbility {
  /** Name of the graphics driver, as far as the browser tells it. */
  readonly driver: string;
  readonly hasWebGl: boolean;
  /** Pictures are computed by the processor: right, but slow. */
  readonly isSoftware: boolean;
}

/** A processor needs seconds for each picture of a larger cloud. */
const SOFTWARE_CLOUD_VOXELS = 64 ** 3;
/** Whether the image can be drawn as a cloud of colours, and turned while one looks. */
export function canDrawCloud(voxelCount: number): boolean {
  const { hasWebGl, isSoftware } = renderingAbility();
  return hasWebGl && (!isSoftware || voxelCount <= SOFTWARE_CLOUD_VOXELS);
}

/** What the device can draw. */
export function renderingAbility(): RenderingAbility {
  const { renderer, webgl, softwareRasterizer } = getRenderingCapabilities();
  return { driver: renderer, hasWebGl: webgl, isSoftware: softwareRasterizer };
}
