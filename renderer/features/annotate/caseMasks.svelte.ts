/** The masks of the case that is open: which is shown, and what can be done with it (docs/decisions/0015). */
import type { CaseDetail, MaskInfo } from '../../../main/contract/api.ts';
import type { CaseId } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import { t } from '../../lib/messages/messages.svelte.ts';
import type { Notices } from '../../lib/notices.svelte.ts';

/** What it needs of the annotator. */
interface Desk {
  readonly openCase: CaseDetail | null;
  open(caseId: CaseId, mask?: number): Promise<void>;
  /** True when there is nothing left to save. */
  save(): Promise<boolean>;
}

export type MaskQuestion = 'new' | 'duplicate' | 'rename';
type UnlessUnsaved = (run: () => void) => void;

export class CaseMasks {
  /** A name is asked for. */
  #question = $state<MaskQuestion | null>(null);
  /** Asks about what is painted first. */
  #unlessUnsaved: UnlessUnsaved = (run) => run();

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
    private readonly desk: Desk,
  ) {}

  get question(): MaskQuestion | null {
    return this.#question;
  }
  /** Without the deleted ones. */
  get list(): readonly MaskInfo[] {
    return (this.desk.openCase?.masks ?? []).filter(({ isDeleted }) => !isDeleted);
  }
  get deleted(): readonly MaskInfo[] {
    return (this.desk.openCase?.masks ?? []).filter(({ isDeleted }) => isDeleted);
  }
  /** Also one that somebody deleted while it is shown. */
  get shown(): MaskInfo | null {
    return this.desk.openCase?.masks.find(({ mask }) => mask === this.desk.openCase?.mask) ?? null;
  }
  /** Round and round; `null`: there is no other. */
  get next(): number | null {
    const { list, shown } = this;
    const at = list.findIndex(({ mask }) => mask === shown?.mask);
    const after = list[(at + 1) % Math.max(1, list.length)];
    return after && after.mask !== shown?.mask ? after.mask : null;
  }

  /** How unsaved strokes are asked about. Returns the function that ends it. */
  connect(unlessUnsaved: UnlessUnsaved): () => void {
    this.#unlessUnsaved = unlessUnsaved;
    return () => (this.#unlessUnsaved = (run) => run());
  }

  choose(mask: number): void {
    const { caseId } = this.desk.openCase ?? {};
    if (caseId && mask !== this.shown?.mask) this.#unlessUnsaved(() => void this.desk.open(caseId, mask));
  }

  ask(question: MaskQuestion | null): void {
    this.#question = question;
  }

  /** Shows the new mask. A copy is one of what is painted now, which is saved first. */
  async add(name: string, isCopy: boolean): Promise<void> {
    const { caseId } = this.desk.openCase ?? {};
    if (!caseId || !(await this.desk.save())) return;
    const fromRevision = isCopy ? (this.desk.openCase?.latestRevision ?? null) : null;
    const added = await this.notices.attempt(() => this.api.call('labels.addMask', { caseId, name, fromRevision }));
    if (!added) return;
    this.#question = null;
    await this.desk.open(caseId, added.mask);
  }

  async rename(name: string): Promise<void> {
    const [{ caseId } = {}, mask] = [this.desk.openCase ?? undefined, this.shown?.mask];
    if (!caseId || mask === undefined) return;
    if (await this.notices.attempt(() => this.api.call('labels.renameMask', { caseId, mask, name }))) this.#question = null;
  }

  /** Nothing is lost, so nobody is asked; it can be taken back. */
  delete(): void {
    const [{ caseId } = {}, shown] = [this.desk.openCase ?? undefined, this.shown];
    const training = this.list.find(({ isTraining }) => isTraining);
    if (!caseId || !shown || !training) return;
    this.#unlessUnsaved(
      () =>
        void this.notices.attempt(async () => {
          await this.api.call('labels.setMaskDeleted', { caseId, mask: shown.mask, isDeleted: true });
          this.notices.say(t('masks.deleted', { name: shown.name }), { label: t('masks.undoDelete'), run: () => void this.bringBack(caseId, shown.mask) });
          await this.desk.open(caseId, training.mask);
        }),
    );
  }

  async bringBack(caseId: CaseId, mask: number): Promise<void> {
    const back = await this.notices.attempt(() => this.api.call('labels.setMaskDeleted', { caseId, mask, isDeleted: false }));
    if (back && this.desk.openCase?.caseId === caseId) this.choose(mask);
  }

  /** From now on trainings learn from the mask that is shown. */
  async train(): Promise<void> {
    const [{ caseId } = {}, shown] = [this.desk.openCase ?? undefined, this.shown];
    const before = this.list.find(({ isTraining }) => isTraining);
    if (!caseId || !shown || !before) return;
    const setTraining = (mask: number) => this.notices.attempt(() => this.api.call('labels.setTrainingMask', { caseId, mask }));
    if (await setTraining(shown.mask))
      this.notices.say(t('masks.nowTraining', { name: shown.name }), {
        label: t('masks.undoTraining', { name: before.name }),
        run: () => void setTraining(before.mask),
      });
  }
}
