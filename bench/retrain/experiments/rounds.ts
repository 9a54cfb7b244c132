/** Every round predicts, corrects, accepts and retrains; beside it a training from scratch on the same cases. */
import type { Bench, Row } from '../simulate.ts';

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export function retrainInRounds(bench: Bench): Promise<Row[]> {
  const { plan, deal, step } = bench;
  return bench.withFirstModel('rounds', async (project, first) => {
    const rows: Row[] = [{ seed: deal.seed, round: 0, cases: plan.firstCount, dice: await bench.dice('first', project, first), seconds: first.trainSeconds }];
    let [incremental, without] = [first, first];
    for (let round = 1; round <= plan.rounds; round++) {
      const caseIds = deal.rest.slice((round - 1) * plan.perRound, round * plan.perRound);
      const [parent, bare] = [incremental, without];
      const say = (what: string): string => `round ${round}, ${what}`;
      await step(say('import'), () => project.importCases(deal.site, caseIds, false));
      await step(say('predict'), () => project.predict(parent.runId, caseIds));
      const changed = await step(say('correct'), () => project.correct(deal.site, caseIds));
      incremental = await step(say('retrain'), () => project.use(parent.runId).then(() => project.train(bench.incremental(parent))));
      const full = await step(say('train in full'), () => project.train(bench.fullTraining));
      const [dice, diceInFull] = [await bench.dice(say('retrained'), project, incremental), await bench.dice(say('in full'), project, full)];
      const row: Row = {
        seed: deal.seed,
        round,
        cases: plan.firstCount + round * plan.perRound,
        changedVoxelsPerCase: mean(changed),
        dice,
        diceInFull,
        diceRatio: dice / diceInFull,
        seconds: incremental.trainSeconds,
        secondsInFull: full.trainSeconds,
        timeRatio: incremental.trainSeconds / full.trainSeconds,
        wallSeconds: incremental.wallSeconds,
        wallSecondsInFull: full.wallSeconds,
        wallRatio: incremental.wallSeconds / full.wallSeconds,
        gate: incremental.gate,
      };
      if (plan.withoutReplay) {
        without = await step(say('retrain without replay'), () => project.train(bench.incremental(bare, 0)));
        row.diceWithoutReplay = await bench.dice(say('without replay'), project, without);
      }
      rows.push(row);
      if (incremental.gate === 'rejected') incremental = parent;
    }
    return rows;
  });
}
