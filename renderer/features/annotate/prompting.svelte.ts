/** Asks the project's network for a region around a click, and shows it until the user takes or drops it. */
import type { CaseId } from '../../../main/contract/vocabulary.ts';
import { AppException, toAppError } from '../../../main/contract/errors.ts';
import type { MemoryPolicy } from '../../../main/contract/memory.ts';
import { ProposalId } from '../../../main/contract/proposal.ts';
import type { AppApi } from '../../lib/api.ts';
import { errorText } from '../../lib/messages/errorText.ts';
import { t } from '../../lib/messages/messages.svelte.ts';
import type { Notices } from '../../lib/notices.svelte.ts';
import type { EditTools } from '../../viewer/edit/editTools.ts';
import type { Triple } from '../../viewer/edit/maskEditor.ts';
import type { Prompt } from '../../viewer/edit/promptBoxes.ts';
import { MOST_LEVEL } from '../../viewer/edit/proposalLayer.ts';
import type { Editing } from './editing.svelte.ts';

/** What the user has chosen to work on. */
interface Desk {
  readonly openCase: { readonly caseId: CaseId } | null;
  readonly activeLabel: number;
  setActiveLabel(labelValue: number): void;
}

const FIRST_PERCENT = 50;
/** Of what an unsure network gives to the voxel itself, so that there is something to see. */
const UNSURE_SHARE = 0.8;
/** Without a model, or with one that does not know the segment, grey values are what there is. */
const NO_NETWORK = ['predict/no-model', 'predict/unknown-segment'];

export class Prompting {
  #tools: EditTools | null = null;
  #asking = $state.raw<{ readonly proposalId: ProposalId; readonly share: number } | null>(null);
  /** Label value that it was asked for. */
  #proposed = $state<number | null>(null);
  #percent = $state(FIRST_PERCENT);

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
    private readonly editing: Editing,
    private readonly desk: Desk,
  ) {}

  /** Share of the work of the network that is done; null: it is not asked. */
  get share(): number | null {
    return this.#asking?.share ?? null;
  }
  get hasProposal(): boolean {
    return this.#proposed !== null;
  }
  /** How sure the network must be at least. */
  get percent(): number {
    return this.#percent;
  }

  /** Returns the unsubscribe function. */
  start(): () => void {
    return this.api.subscribe((event) => {
      if (event.type === 'proposal' && event.proposalId === this.#asking?.proposalId) this.#asking = { proposalId: event.proposalId, share: event.share };
    });
  }

  attach(tools: EditTools): void {
    this.#tools = tools;
    tools.listenToPrompts({ asked: (prompt, at) => void this.#ask(prompt, at), accepted: () => void this.accept(), dropped: () => this.drop() });
  }
  detach(): void {
    this.drop();
    this.#tools = null;
  }

  /** `memory` `ignore`: although it needs more than there is. */
  async #ask(prompt: Prompt, at: Triple, memory: MemoryPolicy = 'refuse'): Promise<void> {
    this.drop();
    const { caseId } = this.desk.openCase ?? {};
    if (!caseId) return;
    const labelValue = this.desk.activeLabel;
    const proposalId = ProposalId.parse(crypto.randomUUID?.() ?? `p${Date.now()}`);
    this.#asking = { proposalId, share: 0 };
    try {
      const { levels, seedLevel } = await this.api.call('nnunet.propose', { proposalId, caseId, labelValue, memory, ...prompt });
      if (levels === null || this.#asking?.proposalId !== proposalId) return;
      const bytes = await unpacked(levels);
      if (this.#asking?.proposalId !== proposalId) return;
      this.#asking = null;
      this.#show(prompt, bytes, labelValue, seedLevel);
    } catch (thrown) {
      if (this.#asking?.proposalId === proposalId) this.#refused(thrown, prompt, at);
    }
  }

  #show(prompt: Prompt, levels: Uint8Array<ArrayBuffer>, labelValue: number, seedLevel: number): void {
    if (seedLevel === 0) {
      this.notices.say(t('prompt.nothing'));
      return;
    }
    this.#percent = Math.max(1, Math.min(FIRST_PERCENT, Math.floor((UNSURE_SHARE * 100 * seedLevel) / MOST_LEVEL)));
    this.#proposed = labelValue;
    this.#tools?.showProposal(prompt.box, levels, lowestLevel(this.#percent));
  }

  #refused(thrown: unknown, prompt: Prompt, at: Triple): void {
    this.#asking = null;
    const error = toAppError(thrown);
    if (error.code === 'predict/memory-short') {
      this.notices.keep(errorText(error), { label: t('prompt.askAnyway'), run: () => void this.#ask(prompt, at, 'ignore') });
      return;
    }
    if (!(thrown instanceof AppException) || !NO_NETWORK.includes(error.code)) {
      this.notices.fail(thrown);
      return;
    }
    const { tolerance, regionRadiusMm: radiusMm } = this.editing.settings;
    this.notices.say(errorText(error), {
      label: t('prompt.growByGreys'),
      run: () => void this.editing.operate(t('tool.region'), { kind: 'region', region: { at, tolerance, radiusMm } }),
    });
  }

  setPercent(percent: number): void {
    this.#percent = percent;
    this.#tools?.proposals.setLowest(lowestLevel(percent));
  }

  async accept(): Promise<void> {
    const operation = this.#tools?.proposals.operation;
    if (!operation || this.#proposed === null) return;
    this.desk.setActiveLabel(this.#proposed);
    this.drop();
    await this.editing.operate(t('tool.prompt'), operation);
  }

  /** Also what is still asked for. */
  drop(): void {
    const asked = this.#asking?.proposalId;
    this.#asking = null;
    this.#proposed = null;
    this.#tools?.proposals.drop();
    if (asked) void this.notices.attempt(() => this.api.call('nnunet.cancelProposal', { proposalId: asked }));
  }
}

/** Certain background has level 0 and is never taken. */
const lowestLevel = (percent: number): number => Math.max(1, Math.round((percent * MOST_LEVEL) / 100));

async function unpacked(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  const packed = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
