/** Learns a second site from the model of the first, with replay and without; Dice of both sites before and after. */
import { join } from 'node:path';
import type { TrainedModel } from '../playedProject.ts';
import type { Bench, Row } from '../simulate.ts';
import { secondSite } from '../sites.ts';

const MIXES = [
  ['half replayed', 0.5],
  ['a quarter replayed', 0.25],
  ['without replay', 0],
] as const;

export function learnSecondSite(bench: Bench): Promise<Row[]> {
  const { plan, deal, step } = bench;
  return bench.withFirstModel('forgetting', async (project, first) => {
    const folder = join(plan.work, `site2-seed${deal.seed}`);
    const far = await secondSite(deal.site, folder, deal.rest.slice(0, plan.perRound * 2));
    const farHeldOut = await secondSite(deal.site, folder, deal.heldOut.caseIds);
    await step('import of the second site', () => project.importCases(far, far.caseIds, false));
    await step('predict', () => project.predict(first.runId, far.caseIds));
    await step('correct', () => project.correct(far, far.caseIds));
    const rowOf = async (model: string, trained: TrainedModel): Promise<Row> => ({
      seed: deal.seed,
      model,
      gate: trained.gate,
      seconds: trained.trainSeconds,
      diceFirstSite: await bench.dice(`${model}, first site`, project, trained),
      diceSecondSite: await step(`Dice, ${model}, second site`, () => project.heldOutDice(trained.runId, farHeldOut)),
    });
    const rows = [await rowOf('before', first)];
    for (const [name, replay] of MIXES)
      rows.push(await rowOf(name, await step(`learn, ${name}`, () => project.use(first.runId).then(() => project.train(bench.incremental(first, replay))))));
    return rows;
  });
}
