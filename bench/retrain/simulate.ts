/** The experiments of `run.mjs`, step by step. Every finished step is kept, so a run that was interrupted goes on. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { PlayedProject, type Site, type TrainChoices, type TrainedModel } from './playedProject.ts';
import { phantomSite, secondSite } from './sites.ts';

export const Plan = z.object({
  work: z.string(),
  computeScript: z.string(),
  experiments: z.array(z.enum(['rounds', 'forgetting', 'poisoned'])).min(1),
  configuration: z.enum(['2d', '3d_fullres']),
  /** Real images in `images/` and `labels/`; `null`: phantoms. */
  dataFolder: z.string().nullable(),
  /** Ordered by subject. Empty for phantoms, which are made. */
  heldOut: z.array(z.string()),
  pool: z.array(z.string()),
  heldOutCount: z.int().positive(),
  validationCount: z.int().nonnegative(),
  firstCount: z.int().positive(),
  perRound: z.int().positive(),
  rounds: z.int().positive(),
  /** Training time of the first model, of a full retraining after each round, and of an incremental one. */
  fullMinutes: z.number().positive(),
  incrementalMinutes: z.number().positive(),
  seeds: z.array(z.int()).min(1),
});
export type Plan = z.infer<typeof Plan>;

type Row = Record<string, unknown>;

class Simulation {
  readonly #file: string;
  readonly #done: Record<string, unknown>;

  constructor(private readonly plan: Plan) {
    mkdirSync(plan.work, { recursive: true });
    this.#file = join(plan.work, 'steps.json');
    this.#done = existsSync(this.#file) ? (JSON.parse(readFileSync(this.#file, 'utf8')) as Record<string, unknown>) : {};
  }

  /** What the step gave when it was done before; else does it and keeps what it gives (JSON). */
  async step<T>(name: string, action: () => Promise<T>): Promise<T> {
    if (Object.hasOwn(this.#done, name)) return this.#done[name] as T;
    console.error(`${new Date().toISOString().slice(11, 19)} ${name}`);
    const value = await action();
    this.#done[name] = value ?? null;
    writeFileSync(`${this.#file}.new`, `${JSON.stringify(this.#done, null, 1)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
    return value;
  }

  async run(): Promise<Record<string, Row[]>> {
    const { experiments, seeds } = this.plan;
    const tables: Record<string, Row[]> = {};
    for (const name of experiments) {
      tables[name] = [];
      for (const seed of seeds) tables[name].push(...(await this.#withProject(name, seed)));
    }
    return tables;
  }

  async #withProject(name: 'rounds' | 'forgetting' | 'poisoned', seed: number): Promise<Row[]> {
    const { plan } = this;
    const site = plan.dataFolder === null ? await this.#phantoms() : { folder: plan.dataFolder, caseIds: plan.pool };
    const heldOut: Site = { folder: site.folder, caseIds: plan.dataFolder === null ? site.caseIds.slice(0, plan.heldOutCount) : plan.heldOut };
    const pool = plan.dataFolder === null ? site.caseIds.slice(plan.heldOutCount) : plan.pool;
    const deal = { site, heldOut, validation: pool.slice(0, plan.validationCount), rest: pool.slice(plan.validationCount), seed, prefix: `${name}, seed ${seed}` };
    const project = await PlayedProject.open(join(plan.work, `${name}-${seed}`), plan.computeScript, plan.configuration, deal.validation);
    try {
      if (name === 'rounds') return await this.#rounds(project, deal);
      return name === 'forgetting' ? await this.#forgetting(project, deal) : await this.#poisoned(project, deal);
    } finally {
      await project.close();
    }
  }

  #phantoms(): Promise<Site> {
    const { work, heldOutCount, validationCount, firstCount, perRound, rounds } = this.plan;
    return phantomSite(join(work, 'phantoms'), heldOutCount + validationCount + firstCount + perRound * rounds);
  }

  /** A first model from `firstCount` cases with masks; then every round predicts, corrects, retrains in both ways. */
  async #rounds(project: PlayedProject, deal: Deal): Promise<Row[]> {
    const { plan } = this;
    const { first, measure } = await this.#firstModel(project, deal, plan.firstCount);
    const rows: Row[] = [{ seed: deal.seed, round: 0, cases: plan.firstCount, ...(await measure('first', first)) }];
    let incremental = first;
    let without = first;
    for (let round = 1; round <= plan.rounds; round++) {
      const caseIds = deal.rest.slice(plan.firstCount + (round - 1) * plan.perRound).slice(0, plan.perRound);
      const say = (what: string): string => `${deal.prefix}, round ${round}: ${what}`;
      const parent = incremental.runId;
      await this.step(say('import'), () => project.importCases(deal.site, caseIds, false));
      const changed = await this.step(say('predict and correct'), () => project.correct(parent, deal.site, caseIds));
      const short = { minutes: plan.incrementalMinutes, seed: deal.seed };
      incremental = await this.step(say('retrain'), () => project.train({ ...short, parentRunId: parent }));
      const before = without.runId;
      without = await this.step(say('retrain without replay'), () => project.train({ ...short, parentRunId: before, choices: { replay: 0 } }));
      const full = await this.step(say('train in full'), () => project.train({ minutes: plan.fullMinutes, seed: deal.seed }));
      const [ofIncremental, ofWithout, ofFull] = [await measure(say('retrained'), incremental), await measure(say('without replay'), without), await measure(say('in full'), full)];
      rows.push({
        seed: deal.seed, round, cases: plan.firstCount + round * plan.perRound, changedVoxelsPerCase: mean(changed),
        dice: ofIncremental.dice, diceWithoutReplay: ofWithout.dice, diceInFull: ofFull.dice, diceRatio: ofIncremental.dice / ofFull.dice,
        seconds: incremental.trainSeconds, secondsInFull: full.trainSeconds, timeRatio: incremental.trainSeconds / full.trainSeconds,
        wallSeconds: incremental.wallSeconds, wallSecondsInFull: full.wallSeconds, stopReason: incremental.stopReason, gate: incremental.gate,
      });
    }
    return rows;
  }

  /** Learns a second site from the model of the first, with replay and without; Dice of both sites before and after. */
  async #forgetting(project: PlayedProject, deal: Deal): Promise<Row[]> {
    const { plan } = this;
    const { first } = await this.#firstModel(project, deal, plan.firstCount);
    const folder = join(plan.work, 'site2');
    const far = await secondSite(deal.site, folder, deal.rest.slice(plan.firstCount, plan.firstCount + plan.perRound));
    const farHeldOut = await secondSite(deal.heldOut, folder, deal.heldOut.caseIds);
    const say = (what: string): string => `${deal.prefix}: ${what}`;
    await this.step(say('import of the second site'), () => project.importCases(far, far.caseIds, false));
    await this.step(say('predict and correct'), () => project.correct(first.runId, far, far.caseIds));
    const row = async (name: string, model: TrainedModel): Promise<Row> => ({
      seed: deal.seed, model: name, gate: model.gate, seconds: model.trainSeconds,
      diceFirstSite: await this.step(say(`${name}, first site`), () => project.heldOutDice(model.runId, deal.heldOut)),
      diceSecondSite: await this.step(say(`${name}, second site`), () => project.heldOutDice(model.runId, farHeldOut)),
    });
    const rows = [await row('before', first)];
    for (const [name, choices] of [['half replayed', {}], ['a quarter replayed', { replay: 0.25 }], ['without replay', { replay: 0 }]] as const) {
      const input: TrainChoices = { minutes: plan.incrementalMinutes, seed: deal.seed, parentRunId: first.runId, choices };
      rows.push(await row(name, await this.step(say(`learn, ${name}`), () => project.train(input))));
    }
    return rows;
  }

  /** One good round, and one in which a fifth of the masks lies four voxels beside the truth; what the gate says to each. */
  async #poisoned(project: PlayedProject, deal: Deal): Promise<Row[]> {
    const { plan } = this;
    const { first, measure } = await this.#firstModel(project, deal, plan.firstCount);
    const rows: Row[] = [{ seed: deal.seed, round: 'first model', gate: first.gate, ...(await measure('first', first)) }];
    let parent = first;
    for (const [n, name] of (['good', 'poisoned'] as const).entries()) {
      const say = (what: string): string => `${deal.prefix}, ${name} round: ${what}`;
      const caseIds = deal.rest.slice(plan.firstCount + n * plan.perRound).slice(0, plan.perRound);
      const spoilt = new Set(name === 'good' ? [] : caseIds.filter((_, place) => place % 5 === 0));
      const from = parent.runId;
      await this.step(say('import'), () => project.importCases(deal.site, caseIds, false));
      await this.step(say('predict and correct'), () => project.correct(from, deal.site, caseIds, (id) => (spoilt.has(id) ? 4 : 0)));
      const model = await this.step(say('retrain'), () => project.train({ minutes: plan.incrementalMinutes, seed: deal.seed, parentRunId: from }));
      rows.push({ seed: deal.seed, round: name, spoiltMasks: spoilt.size, gate: model.gate, ...(await measure(say('retrained'), model)) });
      if (model.gate !== 'rejected') parent = model;
    }
    return rows;
  }

  async #firstModel(project: PlayedProject, deal: Deal, count: number) {
    const { fullMinutes: minutes } = this.plan;
    await this.step(`${deal.prefix}: import`, () => project.importCases(deal.site, [...deal.validation, ...deal.rest.slice(0, count)], true));
    const first = await this.step(`${deal.prefix}: first model`, () => project.train({ minutes, seed: deal.seed }));
    const measure = async (name: string, { runId, trainSeconds }: TrainedModel) => ({
      dice: await this.step(`${deal.prefix}: held-out Dice, ${name}`, () => project.heldOutDice(runId, deal.heldOut)),
      seconds: trainSeconds,
    });
    return { first, measure };
  }
}

interface Deal {
  readonly site: Site;
  readonly heldOut: Site;
  readonly validation: readonly string[];
  readonly rest: readonly string[];
  readonly seed: number;
  readonly prefix: string;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const plan = Plan.parse(JSON.parse(readFileSync(process.argv[2]!, 'utf8')));
process.stdout.write(JSON.stringify(await new Simulation(plan).run()));
