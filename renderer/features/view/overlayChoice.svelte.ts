/** What lies over the image: nothing, the uncertainty of a prediction, or another channel of the case. */
import type { CaseDetail } from '../../../main/contract/api.ts';
import { BYTES_PER_BIT } from '../../../main/contract/uncertainty.ts';
import type { AppApi } from '../../lib/api.ts';
import type { Notices } from '../../lib/notices.svelte.ts';
import { voxelArray } from '../../viewer/voxelArray.ts';
import type { VoxelArray } from '../../viewer/voxelArray.ts';
import type { ColorMapId } from '../../viewer/colorMaps.ts';
import type { MprViewer } from '../../viewer/mprViewer.ts';
import type { OverlayLook } from '../../viewer/overlayLayer.ts';
import { windowOfShares } from '../../viewer/windowLevel.ts';
import { uncertainPlaces } from './uncertainSlices.ts';
import type { UncertainPlace } from './uncertainSlices.ts';

export type OverlayKind =
  { readonly kind: 'none' } | { readonly kind: 'uncertainty'; readonly revision: number } | { readonly kind: 'channel'; readonly index: number };

const NONE: OverlayKind = { kind: 'none' };
/** Below a tenth of a bit a voxel is all but certain. */
const UNCERTAINTY_LOOK: OverlayLook = { colorMap: 'plasma', range: { lower: 0.1 * BYTES_PER_BIT, upper: BYTES_PER_BIT }, opacity: 0.6 };
/** Longer than this at a stretch, drawing would stutter. */
const BREATH_MS = 8;

export class OverlayChoice {
  #shown = $state.raw<OverlayKind>(NONE);
  #look = $state.raw<OverlayLook>(UNCERTAINTY_LOOK);
  #loading = $state(false);
  #places = $state.raw<readonly UncertainPlace[]>([]);
  #placeIndex = $state(-1);
  /** The user wants to see uncertainty, also of the next case that has it. */
  #wantsUncertainty = false;
  #detail: CaseDetail | null = null;
  #viewer: MprViewer | null = null;
  #request = 0;

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {}

  get shown(): OverlayKind {
    return this.#shown;
  }
  get look(): OverlayLook {
    return this.#look;
  }
  get loading(): boolean {
    return this.#loading;
  }
  /** Peaks of the uncertainty, the worst first. */
  get places(): readonly UncertainPlace[] {
    return this.#places;
  }
  get placeIndex(): number {
    return this.#placeIndex;
  }
  /** Of one step of the map. */
  get bitsPerStep(): number {
    return 1 / BYTES_PER_BIT;
  }

  attach(viewer: MprViewer | null): void {
    this.#viewer = viewer;
    this.#forget();
    this.#detail = null;
  }

  /** `anew`: its voxels were put into the viewer just now, and whatever lay over them is gone. */
  caseShown(detail: CaseDetail | null, anew: boolean): void {
    if (detail === null) return void this.#request++; // another one comes, or the same one anew
    const before = this.#shown;
    const isSameCase = this.#detail?.caseId === detail.caseId;
    this.#detail = detail;
    if (anew) this.#forget();
    if (this.#wantsUncertainty) {
      const revision = detail.uncertainRevisions.at(-1);
      if (revision === undefined) this.#forget();
      else if (this.#shown.kind !== 'uncertainty' || this.#shown.revision !== revision) void this.choose({ kind: 'uncertainty', revision });
    } else if (anew && isSameCase && before.kind === 'channel') void this.choose(before);
  }

  async choose(choice: OverlayKind): Promise<void> {
    const { caseId, grid } = this.#detail ?? {};
    const viewer = this.#viewer;
    this.#wantsUncertainty = choice.kind === 'uncertainty';
    const request = ++this.#request;
    this.#forgetShown();
    if (choice.kind === 'none' || !viewer || !caseId || !grid) return;
    this.#loading = true;
    const voxels = await this.notices.attempt(() => this.#fetch(choice));
    if (request !== this.#request) return; // another choice or case meanwhile
    this.#loading = false;
    if (!voxels) return;
    this.#look = choice.kind === 'uncertainty' ? UNCERTAINTY_LOOK : channelLook(voxels);
    await this.notices.attempt(() => viewer.overlay.show(grid, voxels, this.#look));
    if (request !== this.#request) return;
    this.#shown = choice;
    if (choice.kind !== 'uncertainty' || !(voxels instanceof Uint8Array)) return;
    const places = await uncertainPlaces(voxels, grid.dimsIjk, breath());
    if (request === this.#request) this.#places = places;
  }

  async #fetch(choice: Exclude<OverlayKind, { kind: 'none' }>): Promise<VoxelArray> {
    const { caseId, voxelType } = this.#detail!;
    return choice.kind === 'uncertainty' ? this.api.uncertainty(caseId, choice.revision) : voxelArray(voxelType, await this.api.volume(caseId, choice.index));
  }

  setLook(change: Partial<OverlayLook>): void {
    this.#look = { ...this.#look, ...change };
    this.#viewer?.overlay.setLook(this.#look);
  }
  setColorMap(colorMap: ColorMapId): void {
    this.setLook({ colorMap });
  }

  /** The newest prediction's map, or nothing over the image. */
  toggleUncertainty(): void {
    const revision = this.#detail?.uncertainRevisions.at(-1);
    if (this.#shown.kind === 'uncertainty' || revision === undefined) void this.choose(NONE);
    else void this.choose({ kind: 'uncertainty', revision });
  }

  /** To the worst slice first, then to the next worst. */
  jumpToNextPlace(): void {
    const grid = this.#detail?.grid;
    if (!grid || this.#places.length === 0) return;
    this.#placeIndex = (this.#placeIndex + 1) % this.#places.length;
    this.#viewer?.planes.jumpToVoxel(grid, this.#places[this.#placeIndex]!.ijk);
  }

  #forgetShown(): void {
    this.#viewer?.overlay.hide();
    this.#shown = NONE;
    this.#loading = false;
    this.#places = [];
    this.#placeIndex = -1;
  }
  #forget(): void {
    this.#request++;
    this.#forgetShown();
  }
}

/** What most voxels have is not drawn. */
function channelLook(voxels: VoxelArray): OverlayLook {
  return { colorMap: 'hotIron', range: windowOfShares(voxels, 0.6, 0.999), opacity: 0.7 };
}

/** Lets the window draw now and then. */
function breath(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < BREATH_MS) return;
    await new Promise((done) => setTimeout(done, 0));
    since = performance.now();
  };
}
