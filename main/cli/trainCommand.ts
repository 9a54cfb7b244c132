import { join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { CallInput, CallOutput } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import { Amp, ConfigurationName, Preset, type Fold, type RunId } from '../contract/vocabulary.ts';
import { outcomeName } from '../contract/describeGate.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { addClusterOptions, clusterChoice, type ClusterOptions, prepareCluster } from './clusterOptions.ts';
import { examples, jsonOption, foldOf, foldsOf, positiveInteger, positiveNumber, projectOption, wholeNumber } from './commonOptions.ts';
import { gigabytes, MemoryChoices, type MemoryPolicy } from '../contract/memory.ts';
import { exitCodes } from './exitCodes.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { findRun } from './findRun.ts';
import { addPlanOptions, planChoices, plansOption, readPlans, type PlanOptions } from './planOptions.ts';
import { exitCodeOfFolds, trainFolds } from './trainFolds.ts';
import { addTrainingOptions, trainingChoices } from './trainingOptions.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';

interface TrainOptions extends CommandOptions, PlanOptions, ClusterOptions {
  readonly project: string;
  readonly config: ConfigurationName;
  readonly fold: Fold;
  readonly folds?: 'all' | number[];
  readonly preset: Preset;
  readonly amp: Amp;
  readonly minutes?: number;
  readonly epochs?: number;
  readonly from?: string;
  readonly resume?: string;
  readonly plans?: string;
  readonly previous?: readonly string[];
  readonly seed?: number;
  readonly whenAccepted?: number;
  readonly fitMemory?: boolean;
  readonly ignoreMemory?: boolean;
}

export function addTrainCommand(root: Command, program: ProgramPaths): void {
  const command = root
    .command('train')
    .description('Train a network on the accepted masks of a project; plans it from the data first.')
    .addOption(projectOption())
    .addOption(new Option('--config <name>', 'planned configuration').choices(ConfigurationName.options).default('3d_fullres'))
    .addOption(new Option('--fold <n>', "which fifth of the cases validates, 0 to 4, or 'all'").argParser(foldOf).default(0))
    .addOption(
      new Option('--folds <list>', "several folds, 'all' or '0,2,3': one after the other, on a cluster side by side")
        .argParser(foldsOf)
        .conflicts(['fold', 'resume', 'whenAccepted']),
    )
    .addOption(new Option('--minutes <n>', 'stop after this training time').argParser(positiveNumber))
    .addOption(new Option('--epochs <n>', 'stop after this many epochs').argParser(positiveInteger))
    .addOption(new Option('--amp <mode>', 'mixed precision; auto: what the device runs fast and right').choices(Amp.options).default('off'))
    .addOption(
      new Option('--preset <name>', "v2: nnU-Net v2's recipe; seed: NVIDIA's; resenc_*: residual encoders for cards of 8, 24, 40 GB")
        .choices(Preset.options)
        .default('v2'),
    )
    .addOption(new Option('--from <run>', "start from the weights of this run, 'current' or 'latest'").conflicts('resume'))
    .addOption(new Option('--previous <run...>', 'for 3d_cascade_fullres: the 3d_lowres runs of all folds (default: the newest ones)'))
    .addOption(new Option('--resume <run>', "go on with an interrupted run, or 'latest'"))
    .addOption(
      new Option('--fit-memory', 'where memory is short, take the first offer that fits (the batch in parts, smaller batches or patches)').conflicts(
        'ignoreMemory',
      ),
    )
    .addOption(new Option('--ignore-memory', 'start even when more memory is needed than there is'))
    .addOption(new Option('--seed <n>', 'seed of weights and patches').argParser(wholeNumber))
    .addOption(
      new Option('--when-accepted <n>', 'retrain by itself after so many newly accepted masks while the window or `serve` is open, for --minutes; 0 = not')
        .argParser(wholeNumber)
        .conflicts(['resume', 'from', 'epochs']),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'train --project ~/liver --config 3d_fullres --fold 0 --minutes 15',
        'train --project ~/liver --from current --minutes 5     # retrain on corrections',
        'train --project ~/liver --resume latest                # go on after Ctrl+C',
        'train --project ~/liver --resume latest --accumulate 4 # go on with less memory',
        'train --project ~/liver --optimizer sgd --epochs 1000  # nnU-Net v2 to the letter',
        'train --project ~/liver --from current --minutes 10 --converged 5',
        'train --project ~/liver --plans ~/nnUNet_preprocessed/Dataset007_Liver/nnUNetPlans.json',
        'train --project ~/liver --when-accepted 8 --minutes 10',
        'train --project ~/liver --minutes 60 --ema 0.999 --patience 20',
        'train --project ~/liver --folds all --minutes 60',
        'train --project ~/liver --folds all --on ray://head.lab:8265 --shared /lab/scratch --node-gpus 1 --yes',
      ),
    )
    .action((options: TrainOptions) => runCommand('train', program, options, (session) => train(session, options)));
  addPlanOptions(command);
  command.addOption(plansOption().conflicts(['from', 'resume']));
  addClusterOptions(command);
  addTrainingOptions(command);
}

async function train(session: CliSession, options: TrainOptions): Promise<CommandEnd> {
  const project = await session.call('project.open', { folder: resolve(options.project) });
  if (options.whenAccepted !== undefined) return setAutoRetrain(session, options.whenAccepted, options.minutes);
  const { runs } = await session.call('nnunet.listRuns', {});
  const cluster = clusterChoice(options);
  const resumed = options.resume === undefined ? undefined : findRun(runs, options.resume, ({ state }) => state === 'interrupted');
  const input = { ...trainInput(options, runs), ...(await readPlans(options.plans)), cluster };
  const handout = cluster ? await prepareCluster(session, cluster, options.yes ?? false) : null;
  if (handout) return { exitCode: exitCodes.failed, value: { handout, needs: '--yes' } };
  if (options.folds !== undefined) return trainSeveral(session, project.folder, input, options.folds);
  let startedRunId: RunId | undefined;
  const start = async (): Promise<CallOutput<'nnunet.train'>> => {
    const started = await (resumed
      ? session.call('nnunet.resume', { runId: resumed.runId, choices: MemoryChoices.parse(trainingChoices(options)), memory: memoryPolicy(options), cluster })
      : session.call('nnunet.train', input));
    startedRunId = started.runId;
    return started;
  };
  const end = await followJob(session, start).catch((thrown: unknown) => {
    if (startedRunId) for (const command of smallerTrainings(thrown, project.folder, startedRunId)) session.output.say(command);
    throw thrown;
  });
  const run = await runNamed(session, end.started.runId);
  const folder = join(project.folder, 'runs', run.runId);
  for (const line of describeRun(run)) session.output.say(line);
  session.output.say(`Files: ${folder}`);
  if (end.state === 'cancelled') {
    session.output.say(`Stopped. Go on with: maskloop train --project ${project.folder} --resume ${run.runId}`);
  }
  return { exitCode: exitCodeOf(end), value: { run, folder, problems: end.problems } };
}

async function trainSeveral(session: CliSession, folder: string, input: CallInput<'nnunet.train'>, asked: 'all' | readonly number[]): Promise<CommandEnd> {
  const { folds: there } = await session.call('nnunet.folds', {});
  if (there.length === 0) throw new AppException({ code: 'contract/bad-input', issues: ['--folds: no fold holds a case out; train with --fold all'] });
  const folds = asked === 'all' ? there : asked;
  const unknown = folds.filter((fold) => !there.includes(fold));
  if (unknown.length > 0)
    throw new AppException({ code: 'contract/bad-input', issues: [`--folds: fold ${unknown.join(', ')} holds no case out; there are ${there.join(', ')}`] });
  session.output.note(`Training the folds ${folds.join(', ')}${input.cluster ? ` on ${input.cluster.on}` : ', one after the other'}.`);
  const ends = await trainFolds(session, input, folds);
  const { runs } = await session.call('nnunet.listRuns', {});
  const trained = ends.map(({ fold, runId, error, end }) => ({
    fold,
    error,
    problems: end?.problems ?? [],
    run: runs.find((run) => run.runId === runId) ?? null,
  }));
  for (const { fold, run } of trained) for (const line of run ? describeRun(run) : []) session.output.say(`fold ${fold}: ${line}`);
  const left = folds.filter((fold) => ends.every((end) => end.fold !== fold));
  const isDone = trained.every(({ run }) => run?.state === 'finished') && left.length === 0;
  for (const { run } of trained) if (run?.state === 'interrupted') session.output.say(`Go on with: maskloop train --project ${folder} --resume ${run.runId}`);
  if (left.length > 0) session.output.say(`Not begun: maskloop train --project ${folder} --folds ${left.join(',')}`);
  if (isDone) session.output.say(`Next: maskloop find-best --project ${folder}`);
  return { exitCode: exitCodeOfFolds(ends, folds.length), value: { folder, trained, left } };
}

async function setAutoRetrain(session: CliSession, count: number, minutes: number | undefined): Promise<CommandEnd> {
  const before = await session.call('nnunet.autoRetrain', {});
  const value = await session.call('nnunet.setAutoRetrain', { afterAccepted: count === 0 ? null : count, minutes: minutes ?? before.minutes });
  session.output.say(
    value.afterAccepted === null
      ? 'No retraining starts by itself.'
      : `After ${value.afterAccepted} newly accepted masks (${value.newlyAccepted} now) a retraining of ${value.minutes} minutes starts by itself while the window or 'maskloop serve' has the project open.`,
  );
  return { exitCode: 0, value };
}

const memoryPolicy = ({ fitMemory, ignoreMemory }: TrainOptions): MemoryPolicy => (fitMemory ? 'fit' : ignoreMemory ? 'ignore' : 'refuse');

function trainInput(options: TrainOptions, runs: CallOutput<'nnunet.listRuns'>['runs']): CallInput<'nnunet.train'> {
  const { config: configuration, from, previous, fold, preset, amp, minutes, epochs, seed } = options;
  const parentRunId = from === undefined ? undefined : findRun(runs, from, ({ hasCheckpoint }) => hasCheckpoint).runId;
  const previousRunIds = previous?.map((name) => findRun(runs, name, () => true).runId);
  return {
    configuration,
    fold,
    preset,
    amp,
    minutes,
    epochs,
    seed,
    parentRunId,
    previousRunIds,
    choices: trainingChoices(options),
    memory: memoryPolicy(options),
    ...planChoices(options),
  };
}

/** The commands that take what a training that lacked memory was offered. */
function smallerTrainings(thrown: unknown, folder: string, runId: RunId): string[] {
  const error = thrown instanceof AppException ? thrown.error : null;
  if (error?.code !== 'train/memory-short' && error?.code !== 'train/out-of-memory') return [];
  const resume = `maskloop train --project ${folder} --resume ${runId}`;
  return error.offers.map(({ choices, neededBytes }) => `${gigabytes(neededBytes)}: ${resume} ${flagsOf(choices)}`);
}

const flagsOf = ({ accumulation, batchSize, patch }: MemoryChoices): string =>
  [accumulation && `--accumulate ${accumulation}`, batchSize && `--batch-size ${batchSize}`, patch && `--patch ${patch.join('x')}`].filter(Boolean).join(' ');

async function runNamed(session: CliSession, runId: RunId): Promise<CallOutput<'nnunet.listRuns'>['runs'][number]> {
  const { runs } = await session.call('nnunet.listRuns', {});
  const run = runs.find((candidate) => candidate.runId === runId);
  if (!run) throw new AppException({ code: 'not-found', what: 'run', id: runId });
  return run;
}

function describeRun(run: CallOutput<'nnunet.listRuns'>['runs'][number]): string[] {
  const lines = [`Run ${run.runId}: epoch ${run.epoch}, ${run.trainCaseIds.length} training and ${run.validationCaseIds.length} validation cases.`];
  if (run.validationDice !== null) {
    const perLabel = Object.entries(run.validationDicePerLabel).map(([label, dice]) => `${label} ${dice.toFixed(3)}`);
    lines.push(`Validation Dice ${run.validationDice.toFixed(3)} (${perLabel.join(', ')}).`);
  }
  if (run.gateOutcome) lines.push(`Gate: ${outcomeName(run.gateOutcome)}${run.isCurrent ? ', it is the current model now' : ' (maskloop models report)'}.`);
  return lines;
}
