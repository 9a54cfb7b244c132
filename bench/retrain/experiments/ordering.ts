/** The same rounds from the same first model, the cases of each chosen by different orders out of all that are left. */
import type { Bench, Row } from '../simulate.ts';
import { mean } from './rounds.ts';

export async function compareOrders(bench: Bench): Promise<Row[]> {
  const { plan, deal } = bench;
  const rows: Row[] = [];
  for (const order of plan.orders) rows.push(...(await playOrder(bench, order)));
  for (const row of rows) row.seed = deal.seed;
  return rows;
}

function playOrder(bench: Bench, order: Bench['plan']['orders'][number]): Promise<Row[]> {
  const { plan, deal } = bench;
  return bench.withFirstModel(`order-${order}`, async (project, first) => {
    const step: Bench['step'] = (name, action) => bench.step(`${order}, ${name}`, action);
    await step('import', () => project.importCases(deal.site, deal.rest, false));
    const rows: Row[] = [];
    let model = first;
    for (let round = 1; round <= plan.orderingRounds; round++) {
      const parent = model;
      const say = (what: string): string => `round ${round}, ${what}`;
      const caseIds = await step(say('choose'), async () => {
        const left = await project.order('random', deal.seed);
        if (order !== 'random') await project.predict(parent.runId, left);
        return (await project.order(order, deal.seed * 100 + round)).slice(0, plan.perRound);
      });
      if (order === 'random') await step(say('predict'), () => project.predict(parent.runId, caseIds));
      const changed = await step(say('correct'), () => project.correct(deal.site, caseIds));
      model = await step(say('retrain'), () => project.train(bench.incremental(parent)));
      rows.push({
        order,
        round,
        changedVoxelsPerCase: mean(changed),
        dice: await bench.dice(`${order}, ${say('retrained')}`, project, model),
        gate: model.gate,
      });
      if (model.gate === 'rejected') model = parent;
    }
    return rows;
  });
}
