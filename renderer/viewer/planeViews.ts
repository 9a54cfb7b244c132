/** How the planes are looked at: which slice, which way round, how thick, in which window. */
import { Enums, utilities } from '@cornerstonejs/core';
import type { RenderingEngine, Types } from '@cornerstonejs/core';
import type { Grid } from '../../main/contract/vocabulary.ts';
import { point } from './caseVolume.ts';
import { PLANES } from './mprTools.ts';
import type { Plane } from './mprTools.ts';
import { edgeLetters, sliceAtShare, slicePosition } from './planeFacts.ts';
import type { PlaneFacts } from './planeFacts.ts';
import type { ViewerSide } from './viewerSide.ts';
import { dot } from './vectors.ts';
import type { GreyWindow } from './windowLevel.ts';

const { BlendModes, OrientationAxis } = Enums;

/** What a thick slice shows of the values behind each other. */
export const SLAB_MODES = ['thin', 'maximum', 'minimum', 'average'] as const;
export type SlabMode = (typeof SLAB_MODES)[number];
export interface Slab {
  readonly mode: SlabMode;
  /** Of the whole slab; `thin` has none. */
  readonly thicknessMm: number;
}
/** Along the axes of the patient, or along the rows, columns and slices of the scan. */
export type PlaneAxes = 'patient' | 'scan';

/** Where a plane lies and how it is seen. Points and directions in LPS millimetres. */
export interface PlaneCamera {
  readonly focalPoint: readonly number[];
  readonly position: readonly number[];
  readonly viewUp: readonly number[];
  readonly viewPlaneNormal: readonly number[];
  /** Half the height of the plane, in millimetres. */
  readonly parallelScale: number;
  /** How viewports for processors say which way round they are; `null` for others, whose directions say all. */
  readonly turned: TurnedState | null;
}
interface TurnedState {
  readonly orientation: unknown;
  readonly rotation: number;
  readonly flipHorizontal: boolean;
  readonly flipVertical: boolean;
}

const FITS_WITHIN = 0.02;
const BLENDING = {
  thin: BlendModes.COMPOSITE,
  maximum: BlendModes.MAXIMUM_INTENSITY_BLEND,
  minimum: BlendModes.MINIMUM_INTENSITY_BLEND,
  average: BlendModes.AVERAGE_INTENSITY_BLEND,
} as const;
const ORIENTATION = {
  patient: { axial: OrientationAxis.AXIAL, sagittal: OrientationAxis.SAGITTAL, coronal: OrientationAxis.CORONAL },
  scan: { axial: OrientationAxis.AXIAL_REFORMAT, sagittal: OrientationAxis.SAGITTAL_REFORMAT, coronal: OrientationAxis.CORONAL_REFORMAT },
} as const;

export class PlaneViews {
  #slab: Slab = { mode: 'thin', thicknessMm: 10 };
  #axes: PlaneAxes = 'patient';
  #isInverted = false;

  constructor(
    private readonly engine: RenderingEngine,
    /** Cornerstone's viewports for processors count slices themselves and know neither slabs nor jumps. */
    private readonly byProcessor: boolean,
    private readonly side: ViewerSide,
  ) {}

  #viewport(plane: Plane): Types.IVolumeViewport {
    return this.engine.getViewport(this.side.viewportId(plane)) as Types.IVolumeViewport;
  }
  /** Also while its planes are not open. */
  #isEmpty(plane: Plane): boolean {
    const viewport = this.#viewport(plane) as Types.IVolumeViewport | undefined;
    return viewport === undefined || viewport.getActors().length === 0;
  }
  #draw(): void {
    const shown = PLANES.filter((plane) => !this.#isEmpty(plane));
    if (shown.length > 0) this.engine.renderViewports(shown.map((plane) => this.side.viewportId(plane)));
  }

  /** A new volume knows nothing of what was chosen for the one before. */
  applyToNewVolume(): void {
    for (const plane of PLANES) if (this.#isInverted) this.#viewport(plane).setProperties({ invert: true }, this.side.imageVolumeId, true);
    if (this.#axes !== 'patient') this.setAxes(this.#axes);
    if (this.#slab.mode !== 'thin') this.setSlab(this.#slab);
  }

  /** `null` while nothing is shown. */
  facts(plane: Plane): PlaneFacts | null {
    if (this.#isEmpty(plane)) return null;
    const viewport = this.#viewport(plane);
    const { viewUp = [0, -1, 0], viewPlaneNormal = [0, 0, -1], focalPoint = [0, 0, 0], parallelScale = 1 } = viewport.getCamera();
    return {
      ...this.#slices(viewport),
      position: slicePosition(focalPoint, viewPlaneNormal),
      letters: edgeLetters(viewUp, viewPlaneNormal),
      mmPerPixel: (2 * parallelScale) / Math.max(1, viewport.element.clientHeight),
      zoom: viewport.getZoom(),
    };
  }

  #slices(viewport: Types.IVolumeViewport): Pick<PlaneFacts, 'sliceIndex' | 'sliceCount'> {
    if (this.byProcessor) return { sliceIndex: viewport.getSliceIndex(), sliceCount: viewport.getNumberOfSlices() };
    const { numScrollSteps, currentStepIndex } = utilities.getVolumeViewportScrollInfo(viewport, this.side.imageVolumeId);
    return { sliceIndex: currentStepIndex, sliceCount: numScrollSteps + 1 };
  }

  scrollTo(plane: Plane, sliceIndex: number): void {
    const facts = this.facts(plane);
    if (facts && facts.sliceIndex !== sliceIndex) this.scrollBy(plane, sliceIndex - facts.sliceIndex);
  }
  /** By slices also where slabs are thick: the steps of the viewport itself would be as long as a slab. */
  scrollBy(plane: Plane, slices: number): void {
    if (this.#isEmpty(plane)) return;
    const viewport = this.#viewport(plane);
    if (this.byProcessor) return viewport.scroll(slices);
    const { sliceRange, spacingInNormalDirection, camera } = utilities.getVolumeViewportScrollInfo(viewport, this.side.imageVolumeId).sliceRangeInfo;
    const { focalPoint, position, viewPlaneNormal } = camera;
    if (!focalPoint || !position || !viewPlaneNormal) return;
    const { newFocalPoint, newPosition } = utilities.snapFocalPointToSlice(focalPoint, position, sliceRange, viewPlaneNormal, spacingInNormalDirection, slices);
    viewport.setCamera({ focalPoint: newFocalPoint, position: newPosition });
    viewport.render();
  }

  /** Moves every plane along its normal until it holds the point. */
  jumpTo(positionLpsMm: readonly [number, number, number]): void {
    for (const plane of PLANES) if (!this.#isEmpty(plane)) this.#jump(this.#viewport(plane), [...positionLpsMm]);
  }

  #jump(viewport: Types.IVolumeViewport, to: Types.Point3): void {
    if (!this.byProcessor) return void viewport.jumpToWorld(to);
    const { focalPoint, position, viewPlaneNormal } = viewport.getCamera();
    if (!focalPoint || !position || !viewPlaneNormal) return;
    const along = dot(to, viewPlaneNormal) - dot(focalPoint, viewPlaneNormal);
    const moved = (from: Types.Point3): Types.Point3 => point(from.map((value, axis) => value + along * viewPlaneNormal[axis]!));
    viewport.setCamera({ focalPoint: moved(focalPoint), position: moved(position) });
    viewport.render();
  }

  jumpToVoxel({ originLpsMm, direction, spacingMm }: Grid, ijk: readonly [number, number, number]): void {
    const at = (world: number): number =>
      originLpsMm[world]! + [0, 1, 2].reduce((sum, axis) => sum + direction[3 * axis + world]! * spacingMm[axis]! * ijk[axis]!, 0);
    this.jumpTo([at(0), at(1), at(2)]);
  }

  flip(plane: Plane, side: 'horizontal' | 'vertical'): void {
    if (this.#isEmpty(plane)) return;
    const viewport = this.#viewport(plane);
    const { flipHorizontal = false, flipVertical = false } = viewport.getCamera();
    viewport.setCamera(side === 'horizontal' ? { flipHorizontal: !flipHorizontal } : { flipVertical: !flipVertical });
    viewport.render();
  }

  /** By a quarter turn, clockwise. */
  rotate(plane: Plane): void {
    if (this.#isEmpty(plane)) return;
    const viewport = this.#viewport(plane);
    const { rotation = 0 } = viewport.getViewPresentation();
    viewport.setViewPresentation({ rotation: (rotation + 90) % 360 });
    viewport.render();
  }

  /** Zoom, shift, flips and turns as at first; the slices stay near where they were. */
  reset(): void {
    for (const plane of PLANES) {
      if (this.#isEmpty(plane)) continue;
      const viewport = this.#viewport(plane);
      const { focalPoint } = viewport.getCamera();
      // viewports for processors keep a turn apart from the orientation
      viewport.setCamera({ flipHorizontal: false, flipVertical: false, ...(this.byProcessor ? { rotation: 0 } : {}) });
      viewport.setOrientation(ORIENTATION[this.#axes][plane], false);
      if (focalPoint) this.#jump(viewport, focalPoint);
    }
    this.#draw();
  }

  /** Planes whose picture fills them just so. */
  fitting(): readonly Plane[] {
    return PLANES.filter((plane) => !this.#isEmpty(plane) && Math.abs(this.#viewport(plane).getZoom() - 1) < FITS_WITHIN);
  }
  /** Zooms them so that they do, in whatever size they have now. */
  fit(planes: readonly Plane[]): void {
    for (const plane of planes) {
      this.#viewport(plane).setZoom(1);
      this.#viewport(plane).render();
    }
  }

  setAxes(axes: PlaneAxes): void {
    this.#axes = axes;
    this.reset();
  }

  setSlab(slab: Slab): void {
    this.#slab = slab;
    if (this.byProcessor) return;
    for (const plane of PLANES) {
      if (this.#isEmpty(plane)) continue;
      const viewport = this.#viewport(plane);
      // the labelmap and what lies over the image stay thin
      const image = viewport.getActors().find((actor) => actor.referencedId === this.side.imageVolumeId);
      if (!image) continue;
      viewport.setBlendMode(BLENDING[slab.mode], [image.uid]);
      if (slab.mode === 'thin') viewport.resetSlabThickness();
      else viewport.setSlabThickness(slab.thicknessMm / 2, [image.uid]); // to either side
    }
    this.#draw();
  }

  setInverted(isInverted: boolean): void {
    this.#isInverted = isInverted;
    for (const plane of PLANES) if (!this.#isEmpty(plane)) this.#viewport(plane).setProperties({ invert: isInverted }, this.side.imageVolumeId, true);
    this.#draw();
  }

  setWindow(window: GreyWindow): void {
    for (const plane of PLANES) if (!this.#isEmpty(plane)) this.#viewport(plane).setProperties({ voiRange: { ...window } }, this.side.imageVolumeId);
    this.#draw();
  }

  /** `null` while nothing is shown. */
  cameraOf(plane: Plane): PlaneCamera | null {
    if (this.#isEmpty(plane)) return null;
    const viewport = this.#viewport(plane);
    const camera = viewport.getCamera();
    const { focalPoint, position, viewUp, viewPlaneNormal, parallelScale } = camera;
    if (!focalPoint || !position || !viewUp || !viewPlaneNormal || parallelScale === undefined) return null;
    return { focalPoint, position, viewUp, viewPlaneNormal, parallelScale, turned: this.byProcessor ? turnedState(camera) : null };
  }

  /** The same place, way round and millimetres for each pixel. */
  takeCamera(plane: Plane, camera: PlaneCamera): void {
    if (this.#isEmpty(plane)) return;
    const viewport = this.#viewport(plane);
    this.#turnLike(viewport, camera);
    const { focalPoint, position, parallelScale } = camera;
    viewport.setCamera({ focalPoint: point(focalPoint), position: point(position), parallelScale });
    viewport.render();
  }

  /** The same way round and share of the slices, zoomed and moved as much from where it fits: for an image that lies elsewhere. */
  takeShare(plane: Plane, from: PlaneViews): void {
    const [camera, facts] = [from.cameraOf(plane), from.facts(plane)];
    if (!camera || !facts || this.#isEmpty(plane)) return;
    const viewport = this.#viewport(plane);
    this.#turnLike(viewport, camera);
    viewport.setZoom(facts.zoom);
    const [x, y] = from.#viewport(plane).getPan();
    viewport.setPan([x, y]);
    const own = this.facts(plane);
    if (own) this.scrollTo(plane, sliceAtShare(facts.sliceIndex, facts.sliceCount, own.sliceCount));
    viewport.render();
  }

  #turnLike(viewport: Types.IVolumeViewport, { viewUp, viewPlaneNormal, turned: state }: PlaneCamera): void {
    const own = viewport.getCamera();
    const { focalPoint, position } = own;
    if (!focalPoint || !position || (isSame(own.viewUp, viewUp) && isSame(own.viewPlaneNormal, viewPlaneNormal))) return;
    if (state) return viewport.setCamera({ ...state } as Types.ICamera);
    const away = Math.hypot(...position.map((value, axis) => value - focalPoint[axis]!));
    const turned = point(focalPoint.map((value, axis) => value + away * viewPlaneNormal[axis]!));
    viewport.setCamera({ viewUp: point(viewUp), viewPlaneNormal: point(viewPlaneNormal), focalPoint, position: turned });
  }
}

function turnedState(camera: Types.ICamera): TurnedState {
  const { orientation, rotation = 0, flipHorizontal = false, flipVertical = false } = camera as Types.ICamera & { readonly orientation?: unknown };
  return { orientation, rotation, flipHorizontal, flipVertical };
}

const isSame = (a: readonly number[] | undefined, b: readonly number[]): boolean =>
  a !== undefined && a.every((value, axis) => Math.abs(value - b[axis]!) < 1e-6);
