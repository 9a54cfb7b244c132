import type { Handlers, RevisionInfo } from '../contract/api.ts';
import type { CaseId } from '../contract/vocabulary.ts';
import type { CaseFigures, WorklistOrder } from '../contract/worklistOrder.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { readUncertainty } from '../dataset/uncertaintyFiles.ts';
import { orderStrategies, type OrderCandidate, type OrderContext } from '../nnunet/order/orderStrategies.ts';
import { predictionRounds } from './acceptedMasks.ts';
import { answer } from './answer.ts';
import type { EffortMeter } from './effortMeter.ts';
import { readOrderSetting, writeOrderSetting } from './orderSetting.ts';
import type { ProjectSession } from './projectSession.ts';

export function worklistServices(session: ProjectSession, meter: EffortMeter): Pick<Handlers, 'worklist.order' | 'worklist.figures'> {
  return {
    'worklist.order': ({ strategy, seed, remember }) =>
      answer(() =>
        session.during(async ({ store }) => {
          const kept = await readOrderSetting(store.folder.orderSetting);
          const setting = { strategy: strategy ?? kept.strategy, seed: seed ?? kept.seed };
          if (remember) await writeOrderSetting(store.folder.orderSetting, setting);
          return orderCases(store, meter, setting);
        }),
      ),
    'worklist.figures': () => answer(() => session.during(async ({ store }) => ({ cases: await caseFigures(store, meter) }))),
  };
}

async function caseFigures(store: ProjectStore, meter: EffortMeter): Promise<CaseFigures[]> {
  const seconds = await meter.activeSecondsOfCases(store);
  const measured = await Promise.all([...store.revisions.byCase()].map(([caseId, revisions]) => candidateOf(store, caseId, revisions)));
  const bits = new Map(measured.flatMap(({ caseId, uncertainty }) => (uncertainty ? [[caseId, uncertainty.bits] as const] : [])));
  return [...new Set([...bits.keys(), ...seconds.keys()])].map((caseId) => ({
    caseId,
    uncertainty: bits.get(caseId) ?? null,
    activeSeconds: seconds.get(caseId) ?? null,
  }));
}

async function orderCases(store: ProjectStore, meter: EffortMeter, setting: Pick<WorklistOrder, 'strategy' | 'seed'>): Promise<WorklistOrder> {
  const revisions = store.revisions.byCase();
  const excluded = store.exclusions.all();
  const open = store.cases.list().filter(({ caseId }) => !excluded.has(caseId) && !revisions.get(caseId)?.some((one) => one.accepted));
  const candidates = await Promise.all(open.map(({ caseId }) => candidateOf(store, caseId, revisions.get(caseId) ?? [])));
  const names = new Map(store.project.legend.map(({ labelValue, name }) => [labelValue, name]));
  const round = Math.max(0, predictionRounds(store).length - 1);
  const context: OrderContext = {
    seed: setting.seed,
    round,
    acceptedCountOfLabel: await meter.acceptedCountOfLabel(store),
    nameOf: (labelValue) => names.get(labelValue) ?? `label ${labelValue}`,
  };
  return { ...setting, round, cases: orderStrategies[setting.strategy](candidates, context) };
}

/** What the newest prediction was unsure about; restored, it has a number of its own and the same voxels. */
async function candidateOf(store: ProjectStore, caseId: CaseId, revisions: readonly RevisionInfo[]): Promise<OrderCandidate> {
  const predictions = revisions.filter(({ source }) => source.startsWith('model:')).reverse();
  for (const prediction of predictions.filter(({ sha256 }) => sha256 === predictions[0]!.sha256)) {
    const uncertainty = await readUncertainty(store.folder, { caseId, ...prediction });
    if (uncertainty) return { caseId, uncertainty };
  }
  return { caseId, uncertainty: null };
}
