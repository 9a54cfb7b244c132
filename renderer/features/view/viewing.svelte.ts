import { createContext } from 'svelte';
import type { CaseDetail } from '../../../main/contract/api.ts';
import type { CaseId } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import type { Notices } from '../../lib/notices.svelte.ts';
import { voxelArray } from '../../viewer/voxelArray.ts';
import type { Plane } from '../../viewer/mprTools.ts';
import type { MprViewer } from '../../viewer/mprViewer.ts';
import type { PlaneFacts } from '../../viewer/planeFacts.ts';
import type { PlaneAxes, Slab } from '../../viewer/planeViews.ts';
import { CT_WINDOWS } from '../../viewer/windowLevel.ts';
import { Cine } from './cine.svelte.ts';
import { Measuring } from './measuring.svelte.ts';
import { OverlayChoice } from './overlayChoice.svelte.ts';

export const LAYOUTS = ['planes', 'row', 'one'] as const;
export type Layout = (typeof LAYOUTS)[number];

const NO_FACTS: Readonly<Record<Plane, PlaneFacts | null>> = { axial: null, sagittal: null, coronal: null };

/** How the open case is looked at. What is chosen stays for the next case. */
export class Viewing {
  #viewer: MprViewer | null = null;
  #detail = $state.raw<CaseDetail | null>(null);
  #shows = 0;
  #lastCaseId: CaseId | null = null;
  #layout = $state<Layout>('planes');
  /** The plane under the pointer, or the last one that was. */
  #active = $state<Plane>('axial');
  #facts = $state.raw(NO_FACTS);
  #slab = $state.raw<Slab>({ mode: 'thin', thicknessMm: 10 });
  #axes = $state<PlaneAxes>('patient');
  #inverted = $state(false);
  #channel = $state(0);
  readonly overlay: OverlayChoice;
  readonly measuring: Measuring;
  readonly cine = new Cine(() => this.#nextFrame());

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {
    this.overlay = new OverlayChoice(api, notices);
    this.measuring = new Measuring(api, notices);
  }

  get detail(): CaseDetail | null {
    return this.#detail;
  }
  get layout(): Layout {
    return this.#layout;
  }
  get active(): Plane {
    return this.#active;
  }
  get slab(): Slab {
    return this.#slab;
  }
  get axes(): PlaneAxes {
    return this.#axes;
  }
  get inverted(): boolean {
    return this.#inverted;
  }
  /** Of the image. */
  get channel(): number {
    return this.#channel;
  }
  factsOf(plane: Plane): PlaneFacts | null {
    return this.#facts[plane];
  }
  shows(plane: Plane): boolean {
    return this.#layout !== 'one' || plane === this.#active;
  }

  attach(viewer: MprViewer): void {
    this.#viewer = viewer;
    this.overlay.attach(viewer);
    this.measuring.attach(viewer);
    viewer.planes.setSlab(this.#slab);
    viewer.planes.setInverted(this.#inverted);
    viewer.planes.setAxes(this.#axes);
  }
  detach(): void {
    this.cine.stop();
    this.overlay.attach(null);
    this.measuring.attach(null);
    this.#viewer = null;
    this.#detail = null;
    this.#facts = NO_FACTS;
  }

  readonly planeChanged = (plane: Plane, facts: PlaneFacts | null): void => {
    this.#facts = { ...this.#facts, [plane]: facts };
  };

  /** The case that the viewer shows by now, or what became of it since. */
  caseShown(detail: CaseDetail | null): void {
    this.#detail = detail;
    const shows = this.#viewer?.showCount ?? 0;
    const isAnew = shows !== this.#shows;
    this.overlay.caseShown(detail, isAnew);
    void this.measuring.caseShown(detail?.caseId ?? null, isAnew);
    if (detail === null) return;
    this.#shows = shows;
    const isOther = detail.caseId !== this.#lastCaseId;
    this.#lastCaseId = detail.caseId;
    if (isOther) this.cine.stop();
    if (isOther) this.#channel = 0;
    else if (isAnew && this.#channel !== 0) void this.setChannel(this.#channel);
  }

  async setChannel(index: number): Promise<void> {
    const [detail, viewer] = [this.#detail, this.#viewer];
    if (!detail || !viewer) return;
    this.#channel = index;
    const bytes = await this.notices.attempt(() => this.api.volume(detail.caseId, index));
    if (!bytes || this.#detail?.caseId !== detail.caseId || this.#channel !== index) return;
    viewer.replaceVoxels(modalityOf(detail, index), voxelArray(detail.voxelType, bytes));
  }

  setLayout(layout: Layout): void {
    this.#layout = layout;
  }
  setActive(plane: Plane): void {
    if (this.#layout !== 'one') this.#active = plane;
  }
  /** In the layout of one plane, the next one. */
  showPlane(plane: Plane): void {
    this.#active = plane;
  }
  /** This plane alone, or all of them again. */
  toggleOne(plane: Plane): void {
    this.#active = plane;
    this.#layout = this.#layout === 'one' ? 'planes' : 'one';
  }

  setSlab(change: Partial<Slab>): void {
    this.#slab = { ...this.#slab, ...change };
    this.#viewer?.planes.setSlab(this.#slab);
  }
  setAxes(axes: PlaneAxes): void {
    this.#axes = axes;
    this.#viewer?.planes.setAxes(axes);
  }
  toggleInverted(): void {
    this.#inverted = !this.#inverted;
    this.#viewer?.planes.setInverted(this.#inverted);
  }
  /** A window of CT by its name, else by the values. */
  chooseWindow(name: string): void {
    const known = CT_WINDOWS.find((preset) => preset.name === name);
    if (known) this.#viewer?.setWindow(known.window);
    else this.#viewer?.windowByValues();
  }

  scrollTo(plane: Plane, sliceIndex: number): void {
    this.#viewer?.planes.scrollTo(plane, sliceIndex);
  }
  scrollBy(plane: Plane, slices: number): void {
    this.#viewer?.planes.scrollBy(plane, slices);
  }
  flip(plane: Plane, side: 'horizontal' | 'vertical'): void {
    this.#viewer?.planes.flip(plane, side);
  }
  rotate(plane: Plane): void {
    this.#viewer?.planes.rotate(plane);
  }
  reset(): void {
    this.#viewer?.planes.reset();
  }

  #nextFrame(): void {
    const facts = this.#facts[this.#active];
    if (facts) this.scrollTo(this.#active, (facts.sliceIndex + 1) % facts.sliceCount);
  }
}

/** Windows of CT suit channels that say so, and cases that do not say what they are. */
export const modalityOf = ({ modality, channelNames }: CaseDetail, channel: number): string => (channel === 0 ? modality : (channelNames[channel] ?? ''));

export const [getViewing, setViewing] = createContext<Viewing>();
