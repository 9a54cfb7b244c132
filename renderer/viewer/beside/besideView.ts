/** Three more planes beside those of the open case: another mask of it, or another case. For looking only. */
import { Enums, cache, setVolumesForViewports } from '@cornerstonejs/core';
import type { RenderingEngine, Types } from '@cornerstonejs/core';
import { IMAGE_VOLUME_ID, cacheCaseImage, dropVolume, point } from '../caseVolume.ts';
import type { LabelledImage } from '../edit/labelmapLayer.ts';
import { freeGraphicsOfTheDeleted } from '../graphicsResources.ts';
import type { LabelArray } from '../labelSlots.ts';
import { LookingTools, PLANES } from '../mprTools.ts';
import type { Plane, ViewerTool } from '../mprTools.ts';
import type { PlaneFacts } from '../planeFacts.ts';
import { PlaneViews } from '../planeViews.ts';
import { firstWindow } from '../windowLevel.ts';
import type { GreyWindow } from '../windowLevel.ts';
import { LookedAtMask } from './lookedAtMask.ts';
import type { MaskLook } from './lookedAtMask.ts';
import { SideLink } from './sideLink.ts';
import type { Link, LinkedSide } from './sideLink.ts';

const BESIDE_IMAGE_ID = 'beside-image';
const viewportId = (plane: Plane): string => `beside-${plane}`;
const VIEWPORT_IDS = PLANES.map(viewportId);

export interface BesideCase {
  /** `open`: the image of the open case, which is kept and uploaded once. */
  readonly image: LabelledImage | 'open';
  /** Label values, on the grid of the image. */
  readonly labels: LabelArray;
}

export interface BesideEvents {
  plane(plane: Plane, facts: PlaneFacts | null): void;
  window(window: GreyWindow): void;
}

/** What it needs of the side that is edited. */
interface OpenSide extends LinkedSide {
  image(): LabelledImage | null;
  window(): GreyWindow | null;
}

type Elements = Readonly<Record<Plane, HTMLDivElement>>;
interface Opened {
  readonly elements: Elements;
  readonly tools: LookingTools;
  readonly mask: LookedAtMask;
  readonly link: SideLink;
  readonly on: BesideEvents;
  readonly stops: readonly (() => void)[];
}

export class BesideView {
  readonly planes: PlaneViews;
  #opened: Opened | null = null;
  #imageId: string = IMAGE_VOLUME_ID;
  #isShown = false;

  constructor(
    private readonly engine: RenderingEngine,
    byProcessor: boolean,
    private readonly open: OpenSide,
    /** Its planes have another size. */
    private readonly resized: () => void,
  ) {
    const imageId = (): string => this.#imageId;
    this.planes = new PlaneViews(engine, byProcessor, {
      viewportId,
      get imageVolumeId() {
        return imageId();
      },
    });
  }

  #viewport(plane: Plane): Types.IVolumeViewport {
    return this.engine.getViewport(viewportId(plane)) as Types.IVolumeViewport;
  }

  /** Its planes while they hold an image. */
  get shownPlanes(): readonly PlaneViews[] {
    return this.#isShown ? [this.planes] : [];
  }

  /** Takes the elements until `close`. */
  start(elements: Elements, on: BesideEvents, tool: ViewerTool): void {
    if (this.#opened) return;
    const orientation = { axial: Enums.OrientationAxis.AXIAL, sagittal: Enums.OrientationAxis.SAGITTAL, coronal: Enums.OrientationAxis.CORONAL };
    for (const plane of PLANES) {
      const defaultOptions = { orientation: orientation[plane], background: point([0, 0, 0]) };
      this.engine.enableElement({ viewportId: viewportId(plane), type: Enums.ViewportType.ORTHOGRAPHIC, element: elements[plane], defaultOptions });
    }
    const link = new SideLink(this.open, { elements, planes: this.planes, imageVolumeId: () => this.#imageId });
    const tools = new LookingTools('beside', VIEWPORT_IDS, this.engine.id);
    tools.select(tool);
    this.#opened = { elements, tools, link, on, mask: new LookedAtMask(this.engine, VIEWPORT_IDS), stops: this.#listen(elements, on) };
    this.resized();
  }

  #listen(elements: Elements, on: BesideEvents): (() => void)[] {
    const stops: (() => void)[] = [];
    const listen = (element: HTMLElement, type: string, listener: (event: Event) => void): void => {
      element.addEventListener(type, listener);
      stops.push(() => element.removeEventListener(type, listener));
    };
    for (const plane of PLANES) {
      listen(elements[plane], Enums.Events.CAMERA_MODIFIED, () => on.plane(plane, this.#isShown ? this.planes.facts(plane) : null));
      listen(elements[plane], 'contextmenu', (event) => event.preventDefault());
    }
    listen(elements.axial, Enums.Events.VOI_MODIFIED, (event) => {
      const { range, volumeId } = (event as CustomEvent<{ range?: GreyWindow; volumeId?: string }>).detail;
      if (range && volumeId === this.#imageId) on.window(range);
    });
    const size = new ResizeObserver(() => this.resized());
    for (const plane of PLANES) size.observe(elements[plane]);
    stops.push(() => size.disconnect());
    return stops;
  }

  /** In place of what was there. Resolves after the first picture of all planes. */
  async show(shown: BesideCase, look: MaskLook, link: Link): Promise<void> {
    this.clear();
    const opened = this.#opened;
    const image = shown.image === 'open' ? this.open.image() : shown.image;
    if (!opened || !image) return;
    this.#imageId = shown.image === 'open' ? IMAGE_VOLUME_ID : BESIDE_IMAGE_ID;
    if (shown.image !== 'open') cacheCaseImage(image.grid, image.modality, image.voxels, BESIDE_IMAGE_ID);
    this.#isShown = true;
    await setVolumesForViewports(this.engine, [{ volumeId: this.#imageId }], [...VIEWPORT_IDS]);
    if (this.#opened !== opened || !this.#isShown) return; // closed meanwhile
    this.planes.applyToNewVolume();
    const own = shown.image === 'open' ? this.open.window() : null;
    this.planes.setWindow(own ?? firstWindow(image.modality, image.voxels));
    opened.mask.show(image, this.#imageId, shown.labels, look);
    const drawn = PLANES.map(
      (plane) => new Promise<void>((done) => opened.elements[plane].addEventListener(Enums.Events.IMAGE_RENDERED, () => done(), { once: true })),
    );
    this.engine.renderViewports([...VIEWPORT_IDS]);
    await Promise.all(drawn);
    if (this.#opened !== opened || !this.#isShown) return;
    this.resized(); // a viewport without an image has no zoom to keep
    this.setLink(link);
    for (const plane of PLANES) opened.on.plane(plane, this.planes.facts(plane));
  }

  setLook(look: MaskLook): void {
    this.#opened?.mask.setLook(look);
  }
  setLink(link: Link): void {
    if (this.#isShown) this.#opened?.link.set(link, this.open.window());
  }
  /** Those that only look; a tool that would paint is the window's. */
  setTool(tool: ViewerTool): void {
    this.#opened?.tools.select(tool);
  }

  /** The same array holds other values now. */
  imageChanged(): void {
    if (this.#isShown && this.#imageId === IMAGE_VOLUME_ID) this.engine.renderViewports([...VIEWPORT_IDS]);
  }

  /** Shows nothing. Before the image of the open case leaves the cache. */
  clear(): void {
    const opened = this.#opened;
    if (!opened || !this.#isShown) return;
    this.#isShown = false;
    opened.link.set({ mode: 'off', withWindow: false }, null);
    opened.mask.hide();
    for (const plane of PLANES) {
      const viewport = this.#viewport(plane);
      viewport.removeActors(viewport.getActors().map(({ uid }) => uid));
      opened.on.plane(plane, null);
    }
    if (this.#imageId === BESIDE_IMAGE_ID && cache.getVolume(BESIDE_IMAGE_ID)) dropVolume(BESIDE_IMAGE_ID);
    this.#imageId = IMAGE_VOLUME_ID;
  }

  /** Gives the elements and everything on the graphics card back. */
  close(): void {
    const opened = this.#opened;
    if (!opened) return;
    this.clear();
    opened.link.dispose();
    opened.mask.dispose();
    opened.tools.dispose();
    for (const stop of opened.stops) stop();
    this.#opened = null;
    const { elements } = this.open;
    for (const id of VIEWPORT_IDS) this.engine.disableElement(id);
    let picturesLeft = 3; // a labelmap comes some time after its image, and goes as late
    const free = (): void => {
      freeGraphicsOfTheDeleted(this.engine.getViewport('axial') as Types.IVolumeViewport);
      if (--picturesLeft === 0) elements.axial.removeEventListener(Enums.Events.IMAGE_RENDERED, free);
      else this.engine.renderViewports(['axial']);
    };
    elements.axial.addEventListener(Enums.Events.IMAGE_RENDERED, free);
    this.engine.renderViewports([...PLANES]);
  }
}
