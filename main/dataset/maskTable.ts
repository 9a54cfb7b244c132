/** The masks of the cases (docs/decisions/0015): names, which are deleted, and which one trainings learn from. Rows are only added; the newest counts. */
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import { isSameMaskName } from '../contract/maskNames.ts';
import { CaseId, FIRST_MASK, FIRST_MASK_NAME, type MaskNumber } from '../contract/vocabulary.ts';
import type { AuditTable } from './audit/auditTable.ts';
import type { Database } from './database.ts';

/** SQL for the mask of a case that trainings learn from; `caseId` is an expression. */
export const trainingMaskOf = (caseId: string): string =>
  `coalesce((SELECT t.mask FROM training_masks t WHERE t.case_id = ${caseId} ORDER BY t.id DESC LIMIT 1), ${FIRST_MASK})`;

const MaskRow = z.object({ case_id: CaseId, mask: z.number(), name: z.string(), is_deleted: z.literal([0, 1]), training_mask: z.number() });
const NEWEST = `
  SELECT m.case_id, m.mask, m.name, m.is_deleted, ${trainingMaskOf('m.case_id')} AS training_mask
  FROM masks m WHERE m.id IN (SELECT max(id) FROM masks GROUP BY case_id, mask)`;

export interface StoredMask {
  readonly mask: MaskNumber;
  readonly name: string;
  /** Its revisions are there; it can be brought back. */
  readonly isDeleted: boolean;
  /** Exactly one of a case is; it is never deleted. */
  readonly isTraining: boolean;
}

export const ONLY_FIRST_MASK: readonly StoredMask[] = [{ mask: FIRST_MASK, name: FIRST_MASK_NAME, isDeleted: false, isTraining: true }];

export class MaskTable {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditTable,
  ) {}

  /** By number; deleted ones too. Every case has at least one. */
  ofCase(caseId: CaseId): readonly StoredMask[] {
    return withFirst(this.database.all(MaskRow, `${NEWEST} AND m.case_id = :caseId ORDER BY m.mask`, { caseId }));
  }

  /** Only of cases of which anybody ever added or renamed one; the others have `ONLY_FIRST_MASK`. */
  byCase(): Map<CaseId, readonly StoredMask[]> {
    const rows = new Map<CaseId, z.output<typeof MaskRow>[]>();
    for (const row of this.database.all(MaskRow, `${NEWEST} ORDER BY m.case_id, m.mask`)) rows.set(row.case_id, [...(rows.get(row.case_id) ?? []), row]);
    return new Map([...rows].map(([caseId, ofCase]) => [caseId, withFirst(ofCase)]));
  }

  /** Throws AppException not-found. */
  require(caseId: CaseId, mask: MaskNumber): StoredMask {
    const found = this.ofCase(caseId).find((one) => one.mask === mask);
    if (!found) throw new AppException({ code: 'not-found', what: 'mask', id: `${caseId}/${mask}` });
    return found;
  }

  training(caseId: CaseId): StoredMask {
    return this.ofCase(caseId).find((one) => one.isTraining)!;
  }

  /** Throws AppException labels/mask-name-taken. */
  add(caseId: CaseId, name: string, author: string, atMs: number): MaskNumber {
    this.#refuseTaken(caseId, name, null);
    const mask = Math.max(...this.ofCase(caseId).map((one) => one.mask)) + 1;
    this.#write(caseId, { mask, name, isDeleted: false }, author, atMs, { added: true });
    return mask;
  }

  /** Throws AppException labels/mask-name-taken, not-found. */
  rename(caseId: CaseId, mask: MaskNumber, name: string, author: string, atMs: number): void {
    const { name: before, isDeleted } = this.require(caseId, mask);
    if (before === name) return;
    this.#refuseTaken(caseId, name, mask);
    this.#write(caseId, { mask, name, isDeleted }, author, atMs, { renamedFrom: before });
  }

  /** Revisions stay. Throws AppException labels/mask-in-training, labels/mask-name-taken (of one that comes back), not-found. */
  setDeleted(caseId: CaseId, mask: MaskNumber, isDeleted: boolean, author: string, atMs: number): void {
    const now = this.require(caseId, mask);
    if (now.isDeleted === isDeleted) return;
    if (isDeleted && now.isTraining) throw new AppException({ code: 'labels/mask-in-training', caseId, name: now.name });
    if (!isDeleted) this.#refuseTaken(caseId, now.name, mask);
    this.#write(caseId, { mask, name: now.name, isDeleted }, author, atMs, { [isDeleted ? 'deleted' : 'broughtBack']: true });
  }

  /** From now on trainings learn from it. Throws AppException not-found, also for a deleted one. */
  setTraining(caseId: CaseId, mask: MaskNumber, author: string, atMs: number): void {
    const { name, isTraining, isDeleted } = this.require(caseId, mask);
    if (isDeleted) throw new AppException({ code: 'not-found', what: 'mask', id: `${caseId}/${name}` });
    if (isTraining) return;
    this.database.transaction(() => {
      this.database.run('INSERT INTO training_masks (case_id, mask, author, at_ms) VALUES (:caseId, :mask, :author, :atMs)', { caseId, mask, author, atMs });
      this.audit.append({ actor: author, action: 'mask', subject: caseId, facts: { mask, name, training: true } });
    });
  }

  #refuseTaken(caseId: CaseId, name: string, except: MaskNumber | null): void {
    const isTaken = this.ofCase(caseId).some((one) => !one.isDeleted && one.mask !== except && isSameMaskName(one.name, name));
    if (isTaken) throw new AppException({ code: 'labels/mask-name-taken', caseId, name });
  }

  #write(
    caseId: CaseId,
    { mask, name, isDeleted }: Pick<StoredMask, 'mask' | 'name' | 'isDeleted'>,
    author: string,
    atMs: number,
    facts: Readonly<Record<string, unknown>>,
  ): void {
    this.database.transaction(() => {
      this.database.run('INSERT INTO masks (case_id, mask, name, is_deleted, author, at_ms) VALUES (:caseId, :mask, :name, :isDeleted, :author, :atMs)', {
        caseId,
        mask,
        name,
        isDeleted: isDeleted ? 1 : 0,
        author,
        atMs,
      });
      this.audit.append({ actor: author, action: 'mask', subject: caseId, facts: { mask, name, ...facts } });
    });
  }
}

function withFirst(rows: readonly z.output<typeof MaskRow>[]): readonly StoredMask[] {
  const [any] = rows;
  if (!any) return ONLY_FIRST_MASK;
  const written = rows.map(({ mask, name, is_deleted: isDeleted, training_mask: training }) => ({
    mask,
    name,
    isDeleted: isDeleted === 1,
    isTraining: mask === training,
  }));
  return written[0]?.mask === FIRST_MASK ? written : [{ ...ONLY_FIRST_MASK[0]!, isTraining: any.training_mask === FIRST_MASK }, ...written];
}
