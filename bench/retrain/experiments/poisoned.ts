/** One good round, and one in which a fifth of the masks lies four voxels beside the truth; what the gate says to each. */
import type { Bench, Row } from '../simulate.ts';

const SHIFT_VOXELS = 4;

export function poisonRound(bench: Bench): Promise<Row[]> {
  const { plan, deal, step } = bench;
  return bench.withFirstModel('poisoned', async (project, first) => {
    const rows: Row[] = [{ seed: deal.seed, round: 'first model', gate: first.gate, dice: await bench.dice('first', project, first) }];
    let parent = first;
    for (const [n, name] of (['good', 'poisoned'] as const).entries()) {
      const say = (what: string): string => `${name} round, ${what}`;
      const from = parent;
      const caseIds = deal.rest.slice(n * plan.perRound, (n + 1) * plan.perRound);
      const spoilt = new Set(name === 'good' ? [] : caseIds.filter((_, place) => place % 5 === 0));
      await step(say('import'), () => project.importCases(deal.site, caseIds, false));
      await step(say('predict'), () => project.predict(from.runId, caseIds));
      await step(say('correct'), () => project.correct(deal.site, caseIds, (id) => (spoilt.has(id) ? SHIFT_VOXELS : 0)));
      const model = await step(say('retrain'), () => project.train(bench.incremental(from)));
      rows.push({ seed: deal.seed, round: name, spoiltMasks: spoilt.size, gate: model.gate, dice: await bench.dice(say('retrained'), project, model) });
      if (model.gate !== 'rejected') parent = model;
    }
    return rows;
  });
}
