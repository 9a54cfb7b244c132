/** Keeps account of the work on cases. Masks are compared in compute processes, a few at a time. */
import type { CaseEffort } from '../contract/effort.ts';
import { AppException } from '../contract/errors.ts';
import { TaskItem, type CompareMasksTask } from '../contract/tasks.ts';
import type { CaseId, Revision } from '../contract/vocabulary.ts';
import { addEffortFacts, readEffortFacts, type EffortFact } from '../dataset/effortLog.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import { startTask } from '../jobs/computeTask.ts';
import { acceptedMasks, predictionRounds, type AcceptedMask } from './acceptedMasks.ts';
import type { ProjectSession } from './projectSession.ts';

/** Per process, so that a project with many can be closed in between. */
const MASKS_PER_PROCESS = 16;

export class EffortMeter {
  /** One process at a time; a second call finds less to do. */
  #turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly session: ProjectSession,
    private readonly compute: ComputeHost,
  ) {}

  addActive(store: ProjectStore, caseId: CaseId, revision: Revision, seconds: number | undefined): void {
    if (seconds) addEffortFacts(store.folder.effortLog, [{ kind: 'active', caseId, revision, seconds, atMs: Date.now() }]);
  }

  /** Of the open project. Throws AppException; what could not be compared is tried again the next time. */
  compareMissing(): Promise<void> {
    const turn = this.#turn.catch(() => undefined).then(() => this.#compareAll());
    this.#turn = turn;
    return turn;
  }

  async #compareAll(): Promise<void> {
    for (let isGoingOn = true; isGoingOn;) isGoingOn = await this.session.during(({ store }) => this.#compareSome(store));
  }

  /** False when nothing is left. */
  async #compareSome(store: ProjectStore): Promise<boolean> {
    // What is only looked at shows what was compared before.
    if (store.readOnly) return false;
    const known = comparisons(await readEffortFacts(store.folder.effortLog));
    const missing = acceptedMasks(store).filter((mask) => !known.has(keyOf(mask)));
    if (missing.length === 0) return false;
    const masks = new Map(missing.slice(0, MASKS_PER_PROCESS).map((mask) => [`${mask.caseId}/${mask.revision}`, mask]));
    const task: CompareMasksTask = {
      task: 'compareMasks',
      ignoreLabelValue: store.project.labelRules.ignoreLabelValue,
      masks: [...masks.values()].map(({ caseId, revision, predicted }) => ({
        caseId,
        revision,
        labelFile: store.folder.revision(caseId, revision),
        predictedFile: predicted && store.folder.revision(caseId, predicted.revision),
      })),
    };
    const { outcome } = startTask(this.compute, task, (news) => {
      const item = news.type === 'item' ? TaskItem.parse(news.item) : null;
      const mask = item?.kind === 'comparedMask' ? masks.get(`${item.caseId}/${item.revision}`) : undefined;
      if (item?.kind === 'comparedMask' && mask) addEffortFacts(store.folder.effortLog, [factOf(mask, item.outcome)]);
    });
    const end = await outcome;
    if (end.type === 'failed') throw new AppException(end.error);
    return missing.length > MASKS_PER_PROCESS;
  }

  /** As far as the masks have been compared. */
  async efforts(store: ProjectStore): Promise<CaseEffort[]> {
    const facts = await readEffortFacts(store.folder.effortLog);
    const known = comparisons(facts);
    const rounds = predictionRounds(store);
    return acceptedMasks(store).map((mask) => {
      const { caseId, revision, acceptedAtMs, predicted } = mask;
      const comparison = known.get(keyOf(mask));
      return {
        caseId,
        revision,
        acceptedAtMs,
        predictedRevision: predicted?.revision ?? null,
        source: predicted?.source ?? null,
        round: predicted ? rounds.indexOf(predicted.source) + 1 : 0,
        activeSeconds: activeSeconds(facts, mask),
        change: comparison?.kind === 'compared' ? comparison.compared.change : null,
        problem: comparison?.kind === 'notCompared' ? comparison.error : null,
      };
    });
  }

  /** Of every case at which work was measured, whatever became of it. */
  async activeSecondsOfCases(store: ProjectStore): Promise<Map<CaseId, number>> {
    const seconds = new Map<CaseId, number>();
    for (const fact of await readEffortFacts(store.folder.effortLog)) {
      if (fact.kind === 'active') seconds.set(fact.caseId, (seconds.get(fact.caseId) ?? 0) + fact.seconds);
    }
    return seconds;
  }

  /** How many accepted masks have each label, as far as they have been compared. */
  async acceptedCountOfLabel(store: ProjectStore): Promise<Map<number, number>> {
    const known = comparisons(await readEffortFacts(store.folder.effortLog));
    const counts = new Map<number, number>();
    for (const mask of acceptedMasks(store)) {
      const comparison = known.get(keyOf(mask));
      if (comparison?.kind !== 'compared') continue;
      for (const { labelValue } of comparison.compared.labels) counts.set(labelValue, (counts.get(labelValue) ?? 0) + 1);
    }
    return counts;
  }
}

type Comparison = Exclude<EffortFact, { kind: 'active' }>;

const keyOf = ({ caseId, revision, predicted }: AcceptedMask): string => `${caseId}/${revision}/${predicted?.revision ?? '-'}`;

function comparisons(facts: readonly EffortFact[]): Map<string, Comparison> {
  return new Map(
    facts.flatMap((fact) => (fact.kind === 'active' ? [] : [[`${fact.caseId}/${fact.revision}/${fact.predictedRevision ?? '-'}`, fact] as const])),
  );
}

function factOf({ caseId, revision, predicted }: AcceptedMask, outcome: Extract<TaskItem, { kind: 'comparedMask' }>['outcome']): EffortFact {
  const about = { caseId, revision, predictedRevision: predicted?.revision ?? null };
  return 'error' in outcome ? { kind: 'notCompared', ...about, error: outcome.error } : { kind: 'compared', ...about, compared: outcome };
}

/** What was done after the prediction up to the accepted mask, and what the acceptance itself took. */
function activeSeconds(facts: readonly EffortFact[], { caseId, revision, predicted }: AcceptedMask): number | null {
  const after = predicted?.revision ?? 0;
  const own = facts.filter(
    (fact) => fact.kind === 'active' && fact.caseId === caseId && (fact.revision === revision || (fact.revision > after && fact.revision < revision)),
  );
  return own.length === 0 ? null : own.reduce((sum, fact) => sum + (fact.kind === 'active' ? fact.seconds : 0), 0);
}
