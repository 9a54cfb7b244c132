/** Orders in which cases may be corrected. Pure: the same candidates, seed and round give the same order on every machine. */
import type { CaseUncertainty } from '../../contract/uncertainty.ts';
import type { CaseId } from '../../contract/vocabulary.ts';
import type { OrderedCase, OrderReason, OrderStrategy } from '../../contract/worklistOrder.ts';
import { Random } from '../random.ts';

export interface OrderCandidate {
  readonly caseId: CaseId;
  /** `null`: not known. */
  readonly uncertainty: CaseUncertainty | null;
}

export interface OrderContext {
  readonly seed: number;
  /** Counted from 0; noise fades from round to round. */
  readonly round: number;
  /** How many accepted masks have a label, as far as is known. */
  readonly acceptedCountOfLabel: ReadonlyMap<number, number>;
  nameOf(labelValue: number): string;
}

/** Places by class, then by uncertainty over all classes; the others are random (ClaSP-PE gives 66 % to the classes). */
const BY_CLASS_PART = 0.66;
const BY_UNCERTAINTY_PART = 0.17;
/** Of random places, as of nnU-Net's patches: so many show foreground for certain. */
const FOREGROUND_PART = 2 / 3;
/** A class in fewer than this part of the masks that the commonest class is in. */
const RARE_PART = 0.5;
/** Keeps the logarithm finite. */
const LEAST_BITS = 1e-6;

type OrderCases = (candidates: readonly OrderCandidate[], context: OrderContext) => OrderedCase[];

/** Every strategy returns each candidate once. */
export const orderStrategies: Readonly<Record<OrderStrategy, OrderCases>> = { classBalanced, entropy, foregroundAwareRandom, random };

function random(candidates: readonly OrderCandidate[], context: OrderContext): OrderedCase[] {
  return shuffled(candidates, context, 'all').map((one) => placed(one, { kind: 'random' }));
}

function entropy(candidates: readonly OrderCandidate[], context: OrderContext): OrderedCase[] {
  const measured = candidates.filter(isMeasured).sort((a, b) => b.uncertainty.bits - a.uncertainty.bits || compareIds(a, b));
  return [...measured.map((one) => placed(one, reasonOf(one))), ...notMeasured(candidates, context)];
}

/** Two places of three for a case with a class drawn among those that were found, the third for any case. */
function foregroundAwareRandom(candidates: readonly OrderCandidate[], context: OrderContext): OrderedCase[] {
  const order = new OrderInProgress(candidates, context);
  const draws = randomOf(context, 'places');
  while (order.takeAtRandom(draws));
  return order.finished;
}

/**
 * After ClaSP-PE (arXiv 2601.13677): most places go class by class, to the case that is least sure of it; entropies are
 * disturbed on a logarithmic scale, so that the first models, which know little, do not decide alone. A class's turn comes
 * when it is in the fewest masks so far. Mixed in are foreground-aware random picks, which no strategy beats reliably
 * (nnActive, arXiv 2511.19183).
 */
function classBalanced(candidates: readonly OrderCandidate[], context: OrderContext): OrderedCase[] {
  const order = new OrderInProgress(candidates, context);
  const draws = randomOf(context, 'places');
  for (let isGoingOn = order.hasMeasured; isGoingOn; isGoingOn = order.hasMeasured) {
    const draw = draws.next();
    if (draw < BY_CLASS_PART && order.takeOfScarcestClass()) continue;
    if (draw < BY_CLASS_PART + BY_UNCERTAINTY_PART && order.takeLeastSure()) continue;
    order.takeAtRandom(draws);
  }
  return [...order.finished, ...notMeasured(order.remaining(), context)];
}

type Measured = OrderCandidate & { readonly uncertainty: CaseUncertainty };
const isMeasured = (one: OrderCandidate): one is Measured => one.uncertainty !== null;
const compareIds = (a: OrderCandidate, b: OrderCandidate): number => (a.caseId < b.caseId ? -1 : a.caseId > b.caseId ? 1 : 0);
const placed = ({ caseId, uncertainty }: OrderCandidate, reason: OrderReason): OrderedCase => ({ caseId, uncertainty: uncertainty?.bits ?? null, reason });
const reasonOf = ({ uncertainty: { bits, labels } }: Measured): OrderReason => ({ kind: labels.length === 0 ? 'nothingFound' : 'uncertain', bits });

function notMeasured(candidates: readonly OrderCandidate[], context: OrderContext): OrderedCase[] {
  return shuffled(
    candidates.filter((one) => !isMeasured(one)),
    context,
    'all',
  ).map((one) => placed(one, { kind: 'notMeasured' }));
}

/** Random numbers of their own for each key: a case that leaves the list changes nothing for the others. */
function randomOf({ seed, round }: OrderContext, key: string): Random {
  let hash = 0x811c9dc5; // FNV-1a
  for (const char of `${seed}/${round}/${key}`) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  return Random.fromSeed(hash >>> 0);
}

function shuffled<T extends OrderCandidate>(candidates: readonly T[], context: OrderContext, what: string): T[] {
  const keys = new Map(candidates.map(({ caseId }) => [caseId, randomOf(context, `${what}/${caseId}`).next()]));
  return [...candidates].sort((a, b) => keys.get(a.caseId)! - keys.get(b.caseId)! || compareIds(a, b));
}

/** Most wanted first: log entropy and Gumbel noise, whose largest is a draw in proportion to a power of the entropy. The noise halves each round. */
function leastSureFirst(candidates: readonly Measured[], bitsOf: (one: Measured) => number, context: OrderContext, what: string): Measured[] {
  const score = (one: Measured): number => {
    const gumbel = -Math.log(-Math.log(Math.max(1e-12, randomOf(context, `${what}/${one.caseId}`).next())));
    return Math.log(Math.max(LEAST_BITS, bitsOf(one))) + gumbel * 2 ** -context.round;
  };
  const scores = new Map(candidates.map((one) => [one.caseId, score(one)]));
  return [...candidates].sort((a, b) => scores.get(b.caseId)! - scores.get(a.caseId)! || compareIds(a, b));
}

interface ClassQueue {
  readonly labelValue: number;
  readonly leastSure: Measured[];
  readonly atRandom: Measured[];
}

/** Candidates leave it one by one. */
class OrderInProgress {
  readonly finished: OrderedCase[] = [];
  readonly #left: Map<CaseId, OrderCandidate>;
  readonly #leastSure: Measured[];
  readonly #atRandom: OrderCandidate[];
  readonly #classes: readonly ClassQueue[];
  /** Masks with a label: accepted ones and those that will be once the cases placed so far are. */
  readonly #masksWith: Map<number, number>;
  readonly #context: OrderContext;

  constructor(candidates: readonly OrderCandidate[], context: OrderContext) {
    const measured = candidates.filter(isMeasured);
    const labels = [...new Set(measured.flatMap(({ uncertainty }) => uncertainty.labels.map(({ labelValue }) => labelValue)))].sort((a, b) => a - b);
    this.#context = context;
    this.#left = new Map(candidates.map((one) => [one.caseId, one]));
    this.#leastSure = leastSureFirst(measured, ({ uncertainty }) => uncertainty.bits, context, 'noise');
    this.#atRandom = shuffled(candidates, context, 'all');
    this.#masksWith = new Map(labels.map((labelValue) => [labelValue, context.acceptedCountOfLabel.get(labelValue) ?? 0]));
    this.#classes = labels.map((labelValue) => {
      const having = measured.filter((one) => bitsOfLabel(one, labelValue) !== undefined);
      return {
        labelValue,
        leastSure: leastSureFirst(having, (one) => bitsOfLabel(one, labelValue)!, context, `noise/${labelValue}`),
        atRandom: shuffled(having, context, `class/${labelValue}`),
      };
    });
  }

  get hasMeasured(): boolean {
    return this.#first(this.#leastSure) !== undefined;
  }

  remaining(): OrderCandidate[] {
    return [...this.#left.values()];
  }

  takeOfScarcestClass(): boolean {
    const open = this.#classes.filter(({ leastSure }) => this.#first(leastSure));
    const scarcest = open.reduce<ClassQueue | undefined>(
      (best, one) => (best && this.#masks(best.labelValue) <= this.#masks(one.labelValue) ? best : one),
      undefined,
    );
    const next = scarcest && this.#first(scarcest.leastSure);
    if (!next) return false;
    const { labelValue } = scarcest;
    const acceptedCaseCount = this.#context.acceptedCountOfLabel.get(labelValue) ?? 0;
    const commonest = Math.max(0, ...this.#context.acceptedCountOfLabel.values());
    const isRare = acceptedCaseCount < RARE_PART * commonest;
    return this.#take(next, {
      kind: 'uncertainClass',
      labelValue,
      name: this.#context.nameOf(labelValue),
      bits: bitsOfLabel(next, labelValue)!,
      acceptedCaseCount,
      isRare,
    });
  }

  takeLeastSure(): boolean {
    const next = this.#first(this.#leastSure);
    return next !== undefined && this.#take(next, reasonOf(next));
  }

  /** False when nothing is left. */
  takeAtRandom(draws: Random): boolean {
    const wantsForeground = draws.next() < FOREGROUND_PART;
    const open = wantsForeground ? this.#classes.filter(({ atRandom }) => this.#first(atRandom)) : [];
    if (open.length > 0) {
      const { labelValue, atRandom } = open[draws.below(open.length)]!;
      return this.#take(this.#first(atRandom)!, { kind: 'randomOfClass', labelValue, name: this.#context.nameOf(labelValue) });
    }
    const next = this.#first(this.#atRandom);
    return next !== undefined && this.#take(next, { kind: isMeasured(next) ? 'random' : 'notMeasured' });
  }

  #masks(labelValue: number): number {
    return this.#masksWith.get(labelValue) ?? 0;
  }

  /** Drops what has left from the front. */
  #first<T extends OrderCandidate>(queue: T[]): T | undefined {
    let taken = 0;
    while (taken < queue.length && !this.#left.has(queue[taken]!.caseId)) taken++;
    if (taken > 0) queue.splice(0, taken);
    return queue[0];
  }

  #take(one: OrderCandidate, reason: OrderReason): true {
    this.#left.delete(one.caseId);
    this.finished.push(placed(one, reason));
    for (const { labelValue } of one.uncertainty?.labels ?? []) this.#masksWith.set(labelValue, this.#masks(labelValue) + 1);
    return true;
  }
}

const bitsOfLabel = ({ uncertainty }: Measured, labelValue: number): number | undefined =>
  uncertainty.labels.find((one) => one.labelValue === labelValue)?.bits;
