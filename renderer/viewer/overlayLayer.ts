/** A second volume over the image, on its grid: a map of uncertainty, or another channel of the case. */
import { addVolumesToViewports, cache } from '@cornerstonejs/core';
import type { RenderingEngine, Types } from '@cornerstonejs/core';
import type { Grid } from '../../main/contract/vocabulary.ts';
import { cacheOverlayVolume, dropVolume } from './caseVolume.ts';
import type { VoxelArray } from './voxelArray.ts';
import { registeredName } from './colorMaps.ts';
import type { ColorMapId } from './colorMaps.ts';
import type { GreyWindow } from './windowLevel.ts';

export interface OverlayLook {
  readonly colorMap: ColorMapId;
  /** Nothing is drawn at or under its lower end. */
  readonly range: GreyWindow;
  /** 0 to 1, of values well inside the range. */
  readonly opacity: number;
}

/** From the lower end of the range up to this share of it the opacity grows, so that the overlay has no hard rim. */
const SOFT_SHARE = 0.25;

/** Thickness of what Cornerstone cuts out for a thin slice. */
const THIN_SLICE_MM = 0.1;

/** An opacity holds for a distance along the ray, and a ray passes this much of a thin slice: in one step, then. */
function drawAsOpaqueAsAsked({ volumeActor }: { volumeActor: Types.VolumeActor }): void {
  volumeActor.getMapper()?.setSampleDistance(THIN_SLICE_MM);
  volumeActor.getProperty().setScalarOpacityUnitDistance(0, THIN_SLICE_MM);
}

export class OverlayLayer {
  #volumeId: string | null = null;
  #voxels: VoxelArray | null = null;
  #look: OverlayLook | null = null;
  #count = 0;

  constructor(
    private readonly engine: RenderingEngine,
    private readonly viewportIds: () => readonly string[],
  ) {}

  get isShown(): boolean {
    return this.#volumeId !== null;
  }

  /** `null`: nothing lies over the image. */
  valueAt(voxelIndex: number): number | null {
    return this.#voxels?.[voxelIndex] ?? null;
  }

  /** In place of whatever lay over the image. Resolves when it will be part of the next picture. */
  async show(grid: Grid, voxels: VoxelArray, look: OverlayLook): Promise<void> {
    this.hide();
    const volumeId = `case-overlay-${++this.#count}`;
    cacheOverlayVolume(volumeId, grid, voxels);
    this.#volumeId = volumeId;
    this.#voxels = voxels;
    this.#look = look;
    await this.addTo(this.viewportIds());
  }

  /** Draws it in viewports that were opened after it was shown. */
  async addTo(viewportIds: readonly string[]): Promise<void> {
    const volumeId = this.#volumeId;
    if (volumeId === null || viewportIds.length === 0) return;
    // without `visibility` the actor is added hidden; without `suppressEvents` its own range would become the image's window
    const input = { volumeId, visibility: true, callback: drawAsOpaqueAsAsked };
    await addVolumesToViewports(this.engine, [input], [...viewportIds], false, true);
    if (this.#volumeId === volumeId) this.#applyLook();
  }

  setLook(look: OverlayLook): void {
    this.#look = look;
    this.#applyLook();
  }

  #applyLook(): void {
    if (this.#volumeId === null || !this.#look) return;
    const { colorMap, range, opacity } = this.#look;
    const { lower, upper } = range;
    const opacityMapping = [
      { value: lower, opacity: 0 },
      { value: lower + SOFT_SHARE * (upper - lower), opacity: 1 },
      { value: upper, opacity: 1 },
    ];
    for (const viewport of this.#viewports()) {
      viewport.setProperties({ colormap: { name: registeredName(colorMap), opacity, opacityMapping }, voiRange: { lower, upper } }, this.#volumeId, true);
    }
    this.engine.renderViewports([...this.viewportIds()]);
  }

  *#viewports(): Generator<Types.IVolumeViewport> {
    for (const id of this.viewportIds()) {
      const viewport = this.engine.getViewport(id) as Types.IVolumeViewport | undefined;
      if (viewport?.getActors().some((actor) => actor.referencedId === this.#volumeId)) yield viewport;
    }
  }

  hide(): void {
    const volumeId = this.#volumeId;
    if (volumeId === null) return;
    for (const viewport of this.#viewports()) {
      const uids = viewport
        .getActors()
        .filter((actor) => actor.referencedId === volumeId)
        .map(({ uid }) => uid);
      viewport.removeVolumeActors(uids);
    }
    this.#volumeId = null;
    this.#voxels = null;
    if (cache.getVolume(volumeId)) dropVolume(volumeId);
    this.engine.renderViewports([...this.viewportIds()]);
  }
}
