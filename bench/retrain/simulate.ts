/** Runs the experiments step by step. Every finished step is kept, so a run that was interrupted goes on. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { learnSecondSite } from './experiments/forgetting.ts';
import { compareOrders } from './experiments/ordering.ts';
import { poisonRound } from './experiments/poisoned.ts';
import { retrainInRounds } from './experiments/rounds.ts';
import { learnFromSlices } from './experiments/sparse.ts';
import { Plan, dealOf, type Deal } from './plan.ts';
import { PlayedProject, type Site, type TrainChoices, type TrainedModel } from './playedProject.ts';
import { phantomSite } from './sites.ts';

export type Row = Record<string, unknown>;

/** What an experiment works with. Names of steps are unique within an experiment and seed. */
export interface Bench {
  readonly plan: Plan;
  readonly deal: Deal;
  /** Does the step, or gives what it gave when it was done before (JSON). */
  step<T>(name: string, action: () => Promise<T>): Promise<T>;
  /** A project with the validation cases and the first cases, and the model trained on them; each name has its own copy. */
  withFirstModel<T>(name: string, action: (project: PlayedProject, first: TrainedModel) => Promise<T>): Promise<T>;
  withEmptyProject<T>(name: string, action: (project: PlayedProject) => Promise<T>): Promise<T>;
  /** Mean Dice over the held-out cases. */
  dice(name: string, project: PlayedProject, model: TrainedModel): Promise<number>;
  readonly fullTraining: TrainChoices;
  /** From `parent`; `replay` as in the recipe, half by default. */
  incremental(parent: TrainedModel, replay?: number): TrainChoices;
}

const EXPERIMENTS: Readonly<Record<Plan['experiments'][number], (bench: Bench) => Promise<Row[]>>> = {
  rounds: retrainInRounds,
  ordering: compareOrders,
  poisoned: poisonRound,
  sparse: learnFromSlices,
  forgetting: learnSecondSite,
};
/** Steps between two looks of the schedule at the clock; no validation in between. */
const EPOCH_STEPS = 20;

class Simulation {
  readonly #file: string;
  readonly #done: Record<string, unknown>;

  constructor(private readonly plan: Plan) {
    mkdirSync(plan.work, { recursive: true });
    this.#file = join(plan.work, 'steps.json');
    this.#done = existsSync(this.#file) ? (JSON.parse(readFileSync(this.#file, 'utf8')) as Record<string, unknown>) : {};
  }

  async #step<T>(name: string, action: () => Promise<T>): Promise<T> {
    if (Object.hasOwn(this.#done, name)) return this.#done[name] as T;
    console.error(`${new Date().toISOString().slice(11, 19)} ${name}`);
    const value = await action();
    this.#done[name] = value ?? null;
    writeFileSync(`${this.#file}.new`, `${JSON.stringify(this.#done, null, 1)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
    return value;
  }

  async run(): Promise<Record<string, Row[]>> {
    const { plan } = this;
    const { site, heldOut, poolBySubject } = plan.dataFolder === null ? await this.#phantoms() : { site: { folder: plan.dataFolder, caseIds: [] }, ...plan };
    const tables: Record<string, Row[]> = {};
    for (const name of plan.experiments) {
      tables[name] = [];
      for (const seed of plan.seeds) tables[name].push(...(await EXPERIMENTS[name](this.#bench(name, dealOf(plan, site, heldOut, poolBySubject, seed)))));
    }
    return tables;
  }

  async #phantoms(): Promise<{ site: Site; heldOut: string[]; poolBySubject: string[][] }> {
    const { work, heldOutCount, validationCount, firstCount, perRound, rounds } = this.plan;
    const site = await phantomSite(join(work, 'phantoms'), heldOutCount + validationCount + firstCount + perRound * rounds);
    return { site, heldOut: site.caseIds.slice(0, heldOutCount), poolBySubject: site.caseIds.slice(heldOutCount).map((id) => [id]) };
  }

  #bench(experiment: string, deal: Deal): Bench {
    const { plan } = this;
    const training = (steps: number): TrainChoices => {
      const stepsPerEpoch = Math.min(EPOCH_STEPS, steps);
      const epochs = Math.round(steps / stepsPerEpoch);
      const { batchSize, baseFeatures } = plan;
      return { epochs, seed: deal.seed, choices: { stepsPerEpoch, skipEval: epochs, batchSize, baseFeatures, ckptStrategy: 'last_only' } };
    };
    const full = training(plan.fullSteps);
    const fullTraining: TrainChoices = { ...full, choices: { ...full.choices, ema: 0.99, learningRate: plan.learningRate } };
    const within = async <T>(folder: string, action: (project: PlayedProject) => Promise<T>): Promise<T> => {
      const project = await PlayedProject.open(folder, plan.computeScript, plan.configuration, deal.validation);
      try {
        return await action(project);
      } finally {
        await project.close();
      }
    };
    const folderOf = (name: string): string => join(plan.work, `seed${deal.seed}-${name}`);
    const step = <T>(name: string, action: () => Promise<T>): Promise<T> => this.#step(`${experiment}, seed ${deal.seed}: ${name}`, action);
    return {
      plan,
      deal,
      step,
      fullTraining,
      withFirstModel: async (name, action) => {
        const first = await within(folderOf('first'), async (project) => {
          await this.#step(`seed ${deal.seed}: import`, () => project.importCases(deal.site, [...deal.validation, ...deal.first], true));
          return this.#step(`seed ${deal.seed}: first model`, () => project.train(fullTraining));
        });
        await PlayedProject.copy(folderOf('first'), folderOf(name));
        return within(folderOf(name), (project) => action(project, first));
      },
      withEmptyProject: (name, action) => within(folderOf(name), action),
      dice: (name, project, { runId }) => step(`Dice, ${name}`, () => project.heldOutDice(runId, deal.heldOut)),
      incremental: ({ runId }, replay) => {
        const { choices, ...rest } = training(plan.incrementalSteps);
        return {
          ...rest,
          parentRunId: runId,
          choices: { ...choices, learningRate: plan.learningRate / 10, ...(replay !== undefined && { replay: replay as 0 }) },
        };
      },
    };
  }
}

const plan = Plan.parse(JSON.parse(readFileSync(process.argv[2]!, 'utf8')));
process.stdout.write(JSON.stringify(await new Simulation(plan).run()));
