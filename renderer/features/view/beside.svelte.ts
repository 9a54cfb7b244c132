/** What is looked at beside the open case: another mask of it, or another case. It is read and drawn, never written. */
import type { CaseDetail } from '../../../main/contract/api.ts';
import { emptyLabels } from '../../../main/contract/labelType.ts';
import type { CaseId } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import type { Notices } from '../../lib/notices.svelte.ts';
import type { BesideCase } from '../../viewer/beside/besideView.ts';
import type { MaskLook } from '../../viewer/beside/lookedAtMask.ts';
import type { Link, LinkMode } from '../../viewer/beside/sideLink.ts';
import type { Plane, ViewerTool } from '../../viewer/mprTools.ts';
import type { MprViewer } from '../../viewer/mprViewer.ts';
import type { PlaneFacts } from '../../viewer/planeFacts.ts';
import { voxelArray } from '../../viewer/voxelArray.ts';
import type { GreyWindow } from '../../viewer/windowLevel.ts';
import { framesAgree } from './framesAgree.ts';

export interface Partner {
  readonly caseId: CaseId;
  /** `null`: its newest mask, where it has one. */
  readonly revision: number | null;
}
type Facts = Readonly<Record<Plane, PlaneFacts | null>>;
const NO_FACTS: Facts = { axial: null, sagittal: null, coronal: null };
type Elements = Readonly<Record<Plane, HTMLDivElement>>;

export class Beside {
  #viewer: MprViewer | null = null;
  #open: CaseDetail | null = null;
  #isOfOpenCase = false;
  #isMounted = false;
  #partner = $state.raw<Partner | null>(null);
  #detail = $state.raw<CaseDetail | null>(null);
  #revision = $state<number | null>(null);
  #loading = $state(false);
  #framesAgree = $state(true);
  #mode = $state<LinkMode>('position');
  #facts = $state.raw<Facts>(NO_FACTS);
  #window = $state.raw<GreyWindow | null>(null);
  #look: MaskLook = { segments: [], hidden: new Set(), opacity: 0.5 };
  /** A partner that was chosen later, or none any more, makes an earlier one void. */
  #turn = 0;

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
    /** There is nothing to compare with any more. */
    private readonly onGone: () => void,
  ) {}

  /** `null`: the open case is alone. */
  get partner(): Partner | null {
    return this.#partner;
  }
  /** Of what is shown; `null` while it is fetched. */
  get detail(): CaseDetail | null {
    return this.#detail;
  }
  get revision(): number | null {
    return this.#revision;
  }
  get loading(): boolean {
    return this.#loading;
  }
  get framesAgree(): boolean {
    return this.#framesAgree;
  }
  get mode(): LinkMode {
    return this.#mode;
  }
  get window(): GreyWindow | null {
    return this.#window;
  }
  factsOf(plane: Plane): PlaneFacts | null {
    return this.#facts[plane];
  }

  attach(viewer: MprViewer | null): void {
    this.#viewer = viewer;
    if (viewer === null) this.stop();
  }

  choose(partner: Partner): void {
    this.#partner = partner;
    if (this.#isMounted) void this.#load();
  }
  stop(): void {
    this.#turn++;
    this.#partner = null;
    this.#detail = null;
    this.#loading = false;
  }

  /** The elements are there until the returned function is called. */
  mount(elements: Elements, tool: ViewerTool): () => void {
    const viewer = this.#viewer;
    if (!viewer) return () => undefined;
    const on = {
      plane: (plane: Plane, facts: PlaneFacts | null): void => void (this.#facts = { ...this.#facts, [plane]: facts }),
      window: (window: GreyWindow): void => void (this.#window = window),
    };
    viewer.beside.start(elements, on, tool);
    this.#isMounted = true;
    void this.#load();
    return () => {
      this.#isMounted = false;
      this.#facts = NO_FACTS;
      viewer.beside.close();
    };
  }

  /** The case that the viewer shows by now. */
  caseShown(open: CaseDetail | null, isAnew: boolean): void {
    this.#open = open;
    if (!this.#partner || !open) return;
    if (this.#isOfOpenCase && open.caseId !== this.#partner.caseId) this.onGone();
    else if (isAnew && this.#isMounted) void this.#load();
  }

  async #load(): Promise<void> {
    const [partner, open] = [this.#partner, this.#open];
    if (!partner || !open) return;
    const turn = ++this.#turn;
    this.#loading = true;
    const isOfOpenCase = partner.caseId === open.caseId;
    this.#isOfOpenCase = isOfOpenCase;
    await this.notices.attempt(async () => {
      const { detail, revision, shown } = await this.#fetch(partner, isOfOpenCase);
      if (turn !== this.#turn || !this.#viewer) return;
      this.#framesAgree = framesAgree(open, detail);
      this.#mode = this.#framesAgree ? 'position' : 'share';
      this.#revision = revision;
      await this.#viewer.beside.show(shown, this.#look, this.#link(open, detail));
      if (turn === this.#turn) this.#detail = detail;
    });
    if (turn === this.#turn) this.#loading = false;
  }

  async #fetch(
    { caseId, revision: asked }: Partner,
    isOfOpenCase: boolean,
  ): Promise<{ readonly detail: CaseDetail; readonly revision: number | null; readonly shown: BesideCase }> {
    const detail = await this.api.call('dataset.openCase', { caseId });
    const revision = asked ?? detail.latestRevision;
    const { grid, modality, voxelType } = detail;
    const voxelCount = grid.dimsIjk.reduce((a, b) => a * b, 1);
    const [labels, bytes] = await Promise.all([
      revision === null ? emptyLabels('uint8', voxelCount) : this.api.labels(caseId, revision, voxelCount),
      isOfOpenCase ? null : this.api.volume(caseId, 0),
    ]);
    return { detail, revision, shown: { labels, image: bytes ? { grid, modality, voxels: voxelArray(voxelType, bytes) } : 'open' } };
  }

  /** Grey values mean the same in one image, in one kind of image of one frame of reference, and in CT. */
  #link(open: CaseDetail, detail: CaseDetail): Link {
    return { mode: this.#mode, withWindow: open.modality === detail.modality && (this.#framesAgree || open.modality.toUpperCase() === 'CT') };
  }

  setMode(mode: LinkMode): void {
    this.#mode = mode;
    if (this.#open && this.#detail) this.#viewer?.beside.setLink(this.#link(this.#open, this.#detail));
  }
  setLook(look: MaskLook): void {
    this.#look = look;
    this.#viewer?.beside.setLook(look);
  }
  scrollTo(plane: Plane, sliceIndex: number): void {
    this.#viewer?.beside.planes.scrollTo(plane, sliceIndex);
  }
}
