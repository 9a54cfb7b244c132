/** What a retraining adds to a training: batches of new and replayed cases. */
import type { JobPort } from '../contract/jobPort.ts';
import type { TrainCase, TrainTask } from '../contract/tasks.ts';
import { caseMixOf, type CaseMix } from '../nnunet/train/caseMix.ts';
import type { PreprocessedStore } from './preprocessedStore.ts';

/** Of recipes that say nothing of it. */
const DEFAULT_REPLAY = 0.5;

/**
 * How the batches of a retraining are mixed; `null` for every other training, without replay, and where there is nothing to
 * mix. Tells `train/nothing-to-replay` when all cases are new to the parent: it was trained elsewhere.
 */
export async function mixOfRetraining(
  { parentRunFolder, recipe }: Pick<TrainTask, 'parentRunFolder' | 'recipe'>,
  cases: readonly TrainCase[],
  store: PreprocessedStore,
  port: JobPort,
): Promise<CaseMix | null> {
  if (parentRunFolder === undefined || recipe.replay === 0) return null;
  if (cases.every(({ isNew }) => isNew)) {
    port.tell({ type: 'problem', error: { code: 'train/nothing-to-replay' } });
    return null;
  }
  const mixed = [];
  for (const trainCase of cases) {
    const { locations } = await store.load(trainCase);
    mixed.push({ isFresh: trainCase.isNew === true, classes: [...locations.keys()].filter((n) => locations[n]!.length > 0) });
  }
  return caseMixOf(mixed, recipe.replay ?? DEFAULT_REPLAY);
}

/** Cases that the length of an epoch goes by: with a mix the new ones and their share of replay, so that an epoch does not grow with the project. */
export function casesPerEpoch(cases: readonly TrainCase[], mix: CaseMix | null): number {
  if (!mix || mix.replayPart === 1) return cases.length;
  return Math.min(cases.length, Math.ceil(mix.fresh.length / (1 - mix.replayPart)));
}
