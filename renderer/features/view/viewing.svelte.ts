import { createContext } from 'svelte';
import type { CaseDetail } from '../../../main/contract/api.ts';
import type { ViewLayout } from '../../../main/contract/preferences.ts';
import type { CaseId, Grid } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import type { Notices } from '../../lib/notices.svelte.ts';
import { voxelArray } from '../../viewer/voxelArray.ts';
import type { Plane } from '../../viewer/mprTools.ts';
import type { MprViewer } from '../../viewer/mprViewer.ts';
import type { PlaneFacts } from '../../viewer/planeFacts.ts';
import type { PlaneAxes, Slab } from '../../viewer/planeViews.ts';
import { CT_WINDOWS } from '../../viewer/windowLevel.ts';
import { Beside } from './beside.svelte.ts';
import type { Partner } from './beside.svelte.ts';
import { Cine } from './cine.svelte.ts';
import { Measuring } from './measuring.svelte.ts';
import { OverlayChoice } from './overlayChoice.svelte.ts';
import { ThreeD } from './threeD.svelte.ts';

const NO_FACTS: Readonly<Record<Plane, PlaneFacts | null>> = { axial: null, sagittal: null, coronal: null };

/** `compare`: with something beside it; not kept for the next case. */
export type ShownLayout = ViewLayout | 'compare';

/** How the open case is looked at. What is chosen stays for the next case. */
export class Viewing {
  #viewer: MprViewer | null = null;
  #detail = $state.raw<CaseDetail | null>(null);
  #shows = 0;
  #lastCaseId: CaseId | null = null;
  #layout = $state<ShownLayout>('planes');
  /** What the one plane goes back to. */
  #layoutBefore: ShownLayout = 'planes';
  /** What the comparison goes back to. */
  #layoutBeforeCompare: ViewLayout = 'planes';
  /** Those before the slices as they were taken. */
  #axesBefore: PlaneAxes = 'patient';
  /** The plane under the pointer, or the last one that was. */
  #active = $state<Plane>('axial');
  #facts = $state.raw(NO_FACTS);
  #slab = $state.raw<Slab>({ mode: 'thin', thicknessMm: 10 });
  #axes = $state<PlaneAxes>('patient');
  #inverted = $state(false);
  #channel = $state(0);
  /** Chosen since the channel was asked for; `null`: none. */
  #windowChoice: string | null = null;
  readonly overlay: OverlayChoice;
  readonly measuring: Measuring;
  readonly beside: Beside;
  readonly threeD: ThreeD;
  readonly cine = new Cine(() => this.#nextFrame());

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
    /** Of the user, for every case. */
    private readonly kept: { readonly layout: ViewLayout; keepLayout(layout: ViewLayout): void },
  ) {
    this.#showLayout(kept.layout);
    this.beside = new Beside(api, notices, () => this.leaveCompare());
    this.threeD = new ThreeD(notices);
    this.overlay = new OverlayChoice(api, notices);
    this.measuring = new Measuring(api, notices);
  }

  get detail(): CaseDetail | null {
    return this.#detail;
  }
  get layout(): ShownLayout {
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
    return !this.#showsOnePlane || plane === this.#active;
  }
  get #showsOnePlane(): boolean {
    return this.#layout === 'one' || this.#layout === 'stack';
  }
  get showsThreeD(): boolean {
    return this.#layout === 'quad' || this.#layout === 'threeD';
  }

  attach(viewer: MprViewer): void {
    this.#viewer = viewer;
    this.overlay.attach(viewer);
    this.measuring.attach(viewer);
    this.beside.attach(viewer);
    this.threeD.attach(viewer.threeD);
    for (const planes of [viewer.planes, viewer.beside.planes]) {
      planes.setSlab(this.#slab);
      planes.setInverted(this.#inverted);
    }
    viewer.planes.setAxes(this.#axes);
  }
  detach(): void {
    this.cine.stop();
    this.overlay.attach(null);
    this.measuring.attach(null);
    this.leaveCompare();
    this.beside.attach(null);
    this.threeD.attach(null);
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
    this.beside.caseShown(detail, isAnew);
    void this.measuring.caseShown(detail?.caseId ?? null, isAnew);
    if (detail === null) return;
    this.#shows = shows;
    const isOther = detail.caseId !== this.#lastCaseId;
    this.#lastCaseId = detail.caseId;
    if (isOther) this.cine.stop();
    if (this.#layout === 'stack') this.#active = planeOfSlices(detail.grid);
    if (isOther) this.#channel = 0;
    else if (isAnew && this.#channel !== 0) void this.setChannel(this.#channel);
  }

  async setChannel(index: number): Promise<void> {
    const [detail, viewer] = [this.#detail, this.#viewer];
    if (!detail || !viewer) return;
    this.#channel = index;
    this.#windowChoice = null;
    const bytes = await this.notices.attempt(() => this.api.volume(detail.caseId, index));
    if (!bytes || this.#detail?.caseId !== detail.caseId || this.#channel !== index) return;
    const chosen = this.#windowChoice as string | null; // meanwhile
    viewer.replaceVoxels(modalityOf(detail, index), voxelArray(detail.voxelType, bytes), chosen !== null);
    if (chosen !== null) this.chooseWindow(chosen);
  }

  setLayout(layout: ViewLayout): void {
    if (this.beside.partner) this.leaveCompare();
    if (layout !== this.#layout) this.#showLayout(layout);
    this.kept.keepLayout(layout);
  }

  /** The open case on the left, this on the right, until another layout is chosen. */
  compare(partner: Partner): void {
    if (!this.#detail) return;
    if (!this.beside.partner) {
      const { layout } = this;
      this.#layoutBeforeCompare = layout === 'compare' ? 'planes' : layout;
      this.#showLayout('compare');
    }
    this.beside.choose(partner);
  }
  leaveCompare(): void {
    if (!this.beside.partner) return;
    this.beside.stop();
    this.#showLayout(this.#layoutBeforeCompare);
  }

  #showLayout(layout: ShownLayout): void {
    const before = this.#layout;
    this.#layoutBefore = before;
    this.#layout = layout;
    if (layout === 'stack' && before !== 'stack') {
      this.#axesBefore = this.#axes;
      this.setAxes('scan');
      if (this.#detail) this.#active = planeOfSlices(this.#detail.grid);
    } else if (before === 'stack' && layout !== 'stack') this.setAxes(this.#axesBefore);
  }
  setActive(plane: Plane): void {
    if (!this.#showsOnePlane) this.#active = plane;
  }
  /** This plane alone, or all of them again. */
  toggleOne(plane: Plane): void {
    if (this.#layout !== 'one') {
      this.#showLayout('one');
      this.#active = plane;
    } else this.#showLayout(['one', 'stack'].includes(this.#layoutBefore) ? 'planes' : this.#layoutBefore);
  }

  setSlab(change: Partial<Slab>): void {
    this.#slab = { ...this.#slab, ...change };
    this.#viewer?.planes.setSlab(this.#slab);
    this.#viewer?.beside.planes.setSlab(this.#slab);
  }
  setAxes(axes: PlaneAxes): void {
    this.#axes = axes;
    this.#viewer?.planes.setAxes(axes);
  }
  toggleInverted(): void {
    this.#inverted = !this.#inverted;
    this.#viewer?.planes.setInverted(this.#inverted);
    this.#viewer?.beside.planes.setInverted(this.#inverted);
  }
  /** A window of CT by its name, else by the values. */
  chooseWindow(name: string): void {
    this.#windowChoice = name;
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
    this.#viewer?.threeD.fit();
  }

  #nextFrame(): void {
    const facts = this.#facts[this.#active];
    if (facts) this.scrollTo(this.#active, (facts.sliceIndex + 1) % facts.sliceCount);
  }
}

/** Windows of CT suit channels that say so, and cases that do not say what they are. */
export const modalityOf = ({ modality, channelNames }: CaseDetail, channel: number): string => (channel === 0 ? modality : (channelNames[channel] ?? ''));

/** The plane of the slices of a scan: across the axis on which its voxels are longest, or axial. */
function planeOfSlices({ direction, spacingMm }: Grid): Plane {
  const axis = [2, 1, 0].reduce((longest, one) => (spacingMm[one]! > 1.01 * spacingMm[longest]! ? one : longest));
  const [left, posterior, superior] = [0, 1, 2].map((world) => Math.abs(direction[3 * axis + world]!)) as [number, number, number];
  if (superior >= left && superior >= posterior) return 'axial';
  return left > posterior ? 'sagittal' : 'coronal';
}

export const [getViewing, setViewing] = createContext<Viewing>();
