/**
 * The case in three dimensions: surfaces of its segments, and, where the device can, the image as a cloud of colours. Exists
 * only while it is looked at.
 */
import { Enums as CoreEnums, setVolumesForViewports } from '@cornerstonejs/core';
import type { RenderingEngine, Types } from '@cornerstonejs/core';
import { Enums, PanTool, ToolGroupManager, TrackballRotateTool, ZoomTool } from '@cornerstonejs/tools';
import vtkCellArray from '@kitware/vtk.js/Common/Core/CellArray.js';
import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray.js';
import vtkPolyData from '@kitware/vtk.js/Common/DataModel/PolyData.js';
import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js';
import vtkMapper from '@kitware/vtk.js/Rendering/Core/Mapper.js';
import type { Grid, Segment } from '../../../main/contract/vocabulary.ts';
import { IMAGE_VOLUME_ID } from '../caseVolume.ts';
import type { LabelArray } from '../labelSlots.ts';
import { SurfaceMaker } from './surfaceMaker.ts';
import type { Surface } from './surfaceWorker.ts';

/** `none`: surfaces alone. */
export const VOLUME_LOOKS = ['none', 'ctBone', 'ctSoft', 'mr'] as const;
export type VolumeLook = (typeof VOLUME_LOOKS)[number];
const PRESET: Record<Exclude<VolumeLook, 'none'>, string> = { ctBone: 'CT-Bone', ctSoft: 'CT-Soft-Tissue', mr: 'MR-Default' };

const VIEWPORT_ID = 'threeD';
const GROUP_ID = 'threeD';
/** A hand that rests this long has finished; whole organs take about a second. */
const REST_MS = 500;

/** What the view needs of the mask that is edited. */
export interface ShownMask {
  readonly grid: Grid;
  /** Those that are seen. */
  readonly segments: readonly Segment[];
  copyLabels(): LabelArray;
}

export interface ThreeDEvents {
  /** Surfaces are made, or no more. `count`: those that are drawn. */
  surfaces(state: { readonly isBusy: boolean; readonly count: number }): void;
  failed(message: string): void;
}

export class ThreeDView {
  readonly #actors = new Map<number, vtkActor>();
  readonly #maker = new SurfaceMaker();
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Of the segments whose surfaces are not up to date. */
  #stale = new Set<number>();
  #isOpen = false;
  #look: VolumeLook = 'none';
  #hasCamera = false;

  constructor(
    private readonly engine: RenderingEngine,
    private readonly mask: () => ShownMask | null,
    private readonly on: ThreeDEvents,
  ) {}

  get #viewport(): Types.IVolumeViewport {
    return this.engine.getViewport(VIEWPORT_ID) as Types.IVolumeViewport;
  }

  open(element: HTMLDivElement): void {
    if (this.#isOpen) return;
    this.engine.enableElement({
      viewportId: VIEWPORT_ID,
      type: CoreEnums.ViewportType.VOLUME_3D,
      element,
      defaultOptions: { orientation: CoreEnums.OrientationAxis.CORONAL, background: [0.06, 0.07, 0.09] },
    });
    const group = ToolGroupManager.createToolGroup(GROUP_ID)!;
    const bindings = (mouseButton: number) => ({ bindings: [{ mouseButton }] });
    for (const tool of [TrackballRotateTool, PanTool, ZoomTool]) group.addTool(tool.toolName);
    group.addViewport(VIEWPORT_ID, this.engine.id);
    const { MouseBindings } = Enums;
    group.setToolActive(TrackballRotateTool.toolName, bindings(MouseBindings.Primary));
    group.setToolActive(PanTool.toolName, bindings(MouseBindings.Auxiliary));
    group.setToolActive(ZoomTool.toolName, { bindings: [{ mouseButton: MouseBindings.Secondary }, { mouseButton: MouseBindings.Wheel }] });
    this.#isOpen = true;
    this.caseShown();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.caseGone();
    this.#isOpen = false;
    ToolGroupManager.destroyToolGroup(GROUP_ID);
    this.engine.disableElement(VIEWPORT_ID);
  }

  /** Another case, or the same anew, lies in the cache. */
  caseShown(): void {
    const mask = this.mask();
    if (!this.#isOpen || !mask) return;
    this.#hasCamera = false;
    void this.#drawVolume();
    this.#refresh(mask.segments.map(({ labelValue }) => labelValue));
  }

  /** Before the image leaves the cache. */
  caseGone(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#maker.stop();
    this.#stale.clear();
    this.#actors.clear();
    if (!this.#isOpen) return;
    this.#viewport.removeAllActors();
    this.#viewport.render();
    this.on.surfaces({ isBusy: false, count: 0 });
  }

  /** The mask changed where these labels were or are. */
  labelsChanged(labelValues: readonly number[]): void {
    if (!this.#isOpen) return;
    for (const value of labelValues) this.#stale.add(value);
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#refresh([]), REST_MS);
  }

  /** Colours, or which segments are seen. */
  segmentsChanged(): void {
    const mask = this.mask();
    if (!this.#isOpen || !mask) return;
    const seen = new Map(mask.segments.map((segment) => [segment.labelValue, segment]));
    for (const [labelValue, actor] of this.#actors) {
      const segment = seen.get(labelValue);
      actor.setVisibility(segment !== undefined);
      if (segment) actor.getProperty().setColor(...colorOf(segment));
    }
    const missing = [...seen.keys()].filter((labelValue) => !this.#actors.has(labelValue));
    if (missing.length > 0) this.labelsChanged(missing);
    this.#viewport.render();
  }

  /** All of it, as large as it fits, seen from where it is seen. */
  fit(): void {
    if (!this.#isOpen || this.#viewport.getActors().length === 0) return;
    this.#viewport.resetCamera();
    this.#viewport.render();
  }

  setLook(look: VolumeLook): void {
    this.#look = look;
    if (this.#isOpen && this.mask()) void this.#drawVolume();
  }

  async #drawVolume(): Promise<void> {
    const viewport = this.#viewport;
    const uids = viewport
      .getActors()
      .filter(({ referencedId }) => referencedId === IMAGE_VOLUME_ID)
      .map(({ uid }) => uid);
    if (this.#look === 'none') {
      if (uids.length > 0) viewport.removeActors(uids);
    } else {
      if (uids.length === 0) {
        const surfaces = viewport.getActors();
        await setVolumesForViewports(this.engine, [{ volumeId: IMAGE_VOLUME_ID }], [VIEWPORT_ID]);
        // setting volumes throws out everything else
        viewport.addActors(surfaces.filter(({ uid }) => !viewport.getActor(uid)));
      }
      viewport.setProperties({ preset: PRESET[this.#look] });
    }
    this.#lookAt();
    viewport.render();
  }

  #refresh(labelValues: readonly number[]): void {
    const mask = this.mask();
    if (!this.#isOpen || !mask) return;
    const wanted = new Set([...labelValues, ...this.#stale]);
    this.#stale = wanted; // until each is there
    const seen = mask.segments.map(({ labelValue }) => labelValue).filter((value) => wanted.has(value));
    if (seen.length === 0) return this.on.surfaces({ isBusy: false, count: this.#actors.size });
    this.on.surfaces({ isBusy: true, count: this.#actors.size });
    const task = { labels: mask.copyLabels(), grid: mask.grid, labelValues: seen };
    this.#maker
      .make(task, (labelValue, surface) => {
        this.#stale.delete(labelValue);
        this.#put(labelValue, surface);
      })
      .then(
        () => {
          this.#hasCamera = this.#actors.size > 0;
          this.on.surfaces({ isBusy: false, count: this.#actors.size });
        },
        (thrown: unknown) => this.on.failed(thrown instanceof Error ? thrown.message : String(thrown)),
      );
  }

  #put(labelValue: number, surface: Surface | null): void {
    const viewport = this.#viewport;
    const segment = this.mask()?.segments.find((one) => one.labelValue === labelValue);
    let actor = this.#actors.get(labelValue);
    if (!surface) {
      if (actor) viewport.removeActors([actorUid(labelValue)]);
      this.#actors.delete(labelValue);
    } else if (actor) actor.getMapper()!.setInputData(polyDataOf(surface));
    else {
      actor = vtkActor.newInstance();
      const mapper = vtkMapper.newInstance();
      mapper.setInputData(polyDataOf(surface));
      actor.setMapper(mapper);
      actor.getProperty().setInterpolationToPhong();
      actor.getProperty().setAmbient(0.15);
      actor.getProperty().setSpecular(0.2);
      if (segment) actor.getProperty().setColor(...colorOf(segment));
      this.#actors.set(labelValue, actor);
      viewport.addActor({ uid: actorUid(labelValue), actor });
    }
    this.#lookAt();
    viewport.render();
  }

  /** From the front, until all surfaces of a case are there; afterwards the camera is the user's. */
  #lookAt(): void {
    const viewport = this.#viewport;
    if (viewport.getActors().length === 0) return;
    if (!this.#hasCamera) {
      viewport.setCamera({ viewPlaneNormal: [0, -1, 0], viewUp: [0, 0, 1] });
      viewport.resetCamera();
    }
    viewport.getRenderer().resetCameraClippingRange();
  }
}

const actorUid = (labelValue: number): string => `surface-${labelValue}`;
const colorOf = ({ colorRgb: [red, green, blue] }: Segment): [number, number, number] => [red / 255, green / 255, blue / 255];

function polyDataOf({ pointsLpsMm, normals, cells }: Surface): vtkPolyData {
  const data = vtkPolyData.newInstance();
  data.getPoints().setData(pointsLpsMm, 3);
  data.setPolys(vtkCellArray.newInstance({ values: cells }));
  data.getPointData().setNormals(vtkDataArray.newInstance({ name: 'Normals', values: normals, numberOfComponents: 3 }));
  return data;
}
