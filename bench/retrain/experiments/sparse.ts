/** The same cases with whole masks and with a part of the slices painted, each trained from scratch. */
import { COMPLETE } from '../../../main/contract/completeness.ts';
import type { Bench, Row } from '../simulate.ts';

export async function learnFromSlices(bench: Bench): Promise<Row[]> {
  const { plan, deal, step } = bench;
  const learnt = [...deal.first, ...deal.rest.slice(0, plan.perRound * plan.rounds)];
  const whole = await bench.withEmptyProject('whole-masks', async (project) => {
    await step('whole: import', () => project.importCases(deal.site, [...deal.validation, ...learnt], true));
    const model = await step('whole: train', () => project.train(bench.fullTraining));
    return { dice: await bench.dice('whole', project, model), seconds: model.trainSeconds };
  });
  const sparse = await bench.withEmptyProject('some-slices', async (project) => {
    await step('slices: import of the validation', () => project.importCases(deal.site, deal.validation, true));
    await step('slices: import', () => project.importCases(deal.site, learnt, false));
    const part = await step('slices: paint', () => project.paintSlices(deal.site, learnt, (count) => spreadSlices(count, plan.sparsePart)));
    const model = await step('slices: train', () => project.train(bench.fullTraining));
    return { part, dice: await bench.dice('slices', project, model), seconds: model.trainSeconds };
  });
  const row = { seed: deal.seed, cases: learnt.length };
  return [
    { ...row, masks: COMPLETE.unpainted, part: 1, ...whole },
    { ...row, masks: 'unknown', ...sparse, diceRatio: sparse.dice / whole.dice },
  ];
}

/** Evenly spread over the volume, in the middle of equal parts. */
function spreadSlices(count: number, part: number): number[] {
  const chosen = Math.max(1, Math.round(count * part));
  return Array.from({ length: chosen }, (_, n) => Math.floor(((n + 0.5) * count) / chosen));
}
