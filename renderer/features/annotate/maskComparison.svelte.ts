/** Two masks of the open case against each other: an overlay in the viewer and the numbers beside it. */
import type { CaseDetail } from '../../../main/contract/api.ts';
import { PAINTED_BACKGROUND } from '../../../main/contract/completeness.ts';
import type { Notices } from '../../lib/notices.svelte.ts';
import { differenceOf, type Labels, type MaskSource } from './caseArithmetic.ts';
import type { MaskDifference } from './maskDifference.ts';

/** A revision, or what is painted now. */
export type ComparedMask = number | 'painted';

export interface ShownComparison {
  readonly from: ComparedMask;
  readonly to: ComparedMask;
  readonly difference: Omit<MaskDifference, 'voxels'>;
}

/** What it needs of the annotator. */
export interface ComparedCase {
  readonly openCase: CaseDetail | null;
  /** What is painted is no revision yet. */
  readonly dirty: boolean;
  readonly paintsBackground: boolean;
  readonly viewer: { copyLabels(): Labels | null; showDifference(voxels: Uint8Array<ArrayBuffer> | null): void } | null;
}

export class MaskComparison {
  #shown = $state.raw<ShownComparison | null>(null);
  #busy = $state(false);
  /** A comparison that was asked for later, or an end, makes an earlier one void. */
  #turn = 0;

  constructor(
    private readonly of: ComparedCase,
    private readonly notices: Notices,
  ) {}

  get shown(): ShownComparison | null {
    return this.#shown;
  }
  /** Stands for painted background in the labels of the viewer; `null`: none does. */
  get viewerLabel(): number | null {
    return this.of.paintsBackground ? PAINTED_BACKGROUND : null;
  }
  get busy(): boolean {
    return this.#busy;
  }

  /** What one wants to compare with: the newest prediction below the mask, else the revision before it. */
  get usual(): ComparedMask | null {
    const newestFirst = (this.of.openCase?.revisions ?? []).filter(({ revision }) => this.of.dirty || revision !== this.of.openCase?.latestRevision).reverse();
    return (newestFirst.find(({ source }) => source.startsWith('model:')) ?? newestFirst[0])?.revision ?? null;
  }

  toggle(): void {
    if (this.#shown) this.hide();
    else if (this.usual !== null) void this.show(this.usual, 'painted');
  }

  async show(from: ComparedMask, to: ComparedMask): Promise<void> {
    const detail = this.of.openCase;
    if (!detail) return;
    const turn = ++this.#turn;
    this.#busy = true;
    const difference = await this.notices.attempt(() => differenceOf(detail, this.#source(from), this.#source(to), this.viewerLabel));
    if (turn !== this.#turn) return;
    this.#busy = false;
    if (!difference) return;
    const { voxels, ...rest } = difference;
    this.of.viewer?.showDifference(voxels);
    this.#shown = { from, to, difference: rest };
  }

  #source(mask: ComparedMask): MaskSource {
    if (mask !== 'painted') return mask;
    const labels = this.of.viewer?.copyLabels();
    if (!labels) throw new Error('no mask is shown');
    return labels;
  }

  /** Back to the mask alone. */
  hide(): void {
    this.#turn++;
    this.#busy = false;
    if (!this.#shown) return;
    this.#shown = null;
    this.of.viewer?.showDifference(null);
  }
}
