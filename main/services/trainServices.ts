import { existsSync, rmSync } from 'node:fs';
import type { CallOutput, Handlers, RunInfo } from '../contract/api.ts';
import { type AppError, AppException } from '../contract/errors.ts';
import type { ClusterChoice } from '../contract/cluster.ts';
import type { Metric } from '../contract/jobs.ts';
import type { MemoryPolicy } from '../contract/memory.ts';
import type { BenchTask, PlanTask, TrainCase, TrainTask } from '../contract/tasks.ts';
import { type MsdTask, RunId } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { type NewRun, RunOptions } from '../dataset/runTable.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import { type JobEnd, type JobSpec, newJobId } from '../jobs/jobQueue.ts';
import { defaultEpochs, trainingRecipe } from '../nnunet/train/trainingPreset.ts';
import { answer } from './answer.ts';
import { addNode, clusterHost, type Clusters } from './clusterServices.ts';
import { changeRecipe } from './changedRecipe.ts';
import type { EventHub } from './eventHub.ts';
import { gateJob } from './gateJob.ts';
import { previousPredictions, previousRuns } from './previousStage.ts';
import type { OpenProject, ProjectSession } from './projectSession.ts';
import { explainTrainingDeath } from './memoryDeaths.ts';
import { compareTask, whatToRepeat } from './rerun.ts';
import { retrainCases } from './retrainCases.ts';
import { writeRunRecord } from './runRecord.ts';
import { acceptedCases, gatherRunCases, heldOutFolds, trainCases } from './trainingCases.ts';

type TrainCalls = 'models.rerun' | 'nnunet.train' | 'nnunet.folds' | 'nnunet.bench' | 'nnunet.plan' | 'nnunet.resume' | 'nnunet.listRuns' | 'nnunet.metrics';
type TrainInput = Parameters<Handlers['nnunet.train']>[0];

const DEFAULT_SEED = 1;
const CASCADE = '3d_cascade_fullres';

export function trainServices(session: ProjectSession, events: EventHub, author: string, clusters: Clusters): Pick<Handlers, TrainCalls> {
  return {
    'nnunet.train': (input) =>
      answer(() => session.during((project) => startTraining(project, events, author, input, { elsewhere: elsewhereOf(project, clusters, input.cluster) }))),
    'nnunet.folds': () => answer(() => session.during(async ({ store }) => ({ folds: await heldOutFolds(store) }))),
    'models.rerun': ({ runId }) => answer(() => session.during((project) => startRerun(project, events, author, runId))),
    'nnunet.plan': (input) => answer(() => session.during((project) => startPlan(project, input))),
    'nnunet.bench': (input) => answer(() => startBench(session.current(), input)),
    'nnunet.resume': (input) =>
      answer(() => session.during((project) => resumeTraining(project, events, author, input, elsewhereOf(project, clusters, input.cluster)))),
    'nnunet.listRuns': () => answer(() => ({ runs: session.current().store.runs.list() })),
    'nnunet.metrics': ({ runId }) =>
      answer(() => {
        const { store, queue } = session.current();
        if (!store.runs.find(runId)) throw new AppException({ code: 'not-found', what: 'run', id: runId });
        queue.flush();
        return { metrics: metricsOf(store, runId) };
      }),
  };
}

interface ClusterUse {
  readonly choice: ClusterChoice;
  readonly host: ComputeHost;
}

/** Throws AppException cluster/not-here, cluster/encrypted-project. */
const elsewhereOf = ({ store }: OpenProject, clusters: Clusters, choice: ClusterChoice | undefined): ClusterUse | undefined =>
  choice && { choice, host: clusterHost(store, clusters, choice) };

/** Places new cases in folds, records the run and queues it. `isBackground`: it yields to everything else. */
export async function startTraining(
  { store, queue }: OpenProject,
  events: EventHub,
  author: string,
  input: TrainInput,
  { isBackground = false, elsewhere }: Pick<TrainingManner, 'isBackground' | 'elsewhere'> = {},
): Promise<CallOutput<'nnunet.train'>> {
  const parentRunId = input.parentRunId ?? null;
  if (parentRunId && !store.runs.find(parentRunId)?.hasCheckpoint) throw new AppException({ code: 'not-found', what: 'model', id: parentRunId });
  const options = optionsOf(input, store.project.msdTask);
  const cases = await gatherRunCases(store, options.fold);
  // before anything is written: which predictions of the first stage are missing
  if (options.configuration === CASCADE) {
    const runs = previousRuns(store, input.previousRunIds);
    previousPredictions(
      store,
      runs,
      cases.map(({ caseId }) => caseId),
    );
    options.previousRunIds.push(...runs.map(({ runId }) => runId));
  }
  return startRun({ store, queue }, events, author, { parentRunId, options, cases }, { isBackground, elsewhere, memory: input.memory });
}

async function startRerun({ store, queue }: OpenProject, events: EventHub, author: string, runId: RunId): Promise<CallOutput<'models.rerun'>> {
  const { parentRunId, options, cases } = await whatToRepeat(store, runId);
  return startRun({ store, queue }, events, author, { parentRunId, options: { ...options, repeatsRunId: runId }, cases });
}

async function startRun(
  { store, queue }: Pick<OpenProject, 'store' | 'queue'>,
  events: EventHub,
  author: string,
  asked: Pick<NewRun, 'parentRunId' | 'options' | 'cases'>,
  manner: TrainingManner = {},
): Promise<CallOutput<'nnunet.train'>> {
  const { cases, options } = asked;
  const nowMs = Date.now();
  const runId = newRunId(store, options, nowMs);
  const jobId = newJobId('train');
  const run = { runId, jobId, ...asked };
  await writeRunRecord(store, run, author, nowMs);
  store.runs.insert(run, nowMs, author);
  try {
    queue.submit(trainJob(store, events, author, runId, manner), jobId);
  } catch (thrown) {
    store.runs.setState(runId, 'failed');
    throw thrown;
  }
  events.emit({ type: 'runs' });
  // The first training places cases in folds.
  events.casesChanged(...cases.map(({ caseId }) => caseId));
  return { jobId, runId };
}

async function resumeTraining(
  { store, queue }: OpenProject,
  events: EventHub,
  author: string,
  { runId, choices, memory }: Parameters<Handlers['nnunet.resume']>[0],
  elsewhere: ClusterUse | undefined,
): Promise<CallOutput<'nnunet.resume'>> {
  const run = store.runs.find(runId);
  if (!run) throw new AppException({ code: 'not-found', what: 'run', id: runId });
  if (run.state === 'queued' || run.state === 'running') throw new AppException({ code: 'job/busy', jobId: run.jobId });
  if (run.state === 'finished') throw new AppException({ code: 'contract/bad-input', issues: [`runId: ${runId} is finished; train on from it as parent`] });
  if (run.deletedAtMs !== null) throw new AppException({ code: 'contract/bad-input', issues: [`runId: ${runId} was deleted`] });
  await changeRecipe(store, runId, choices, author, run.step);
  store.runs.sendTo(runId, elsewhere?.choice.on ?? null, author);
  // what was predicted with weights that will change
  rmSync(store.folder.gate(runId), { recursive: true, force: true });
  const jobId = newJobId('train');
  store.runs.setState(runId, 'queued', jobId);
  try {
    queue.submit(trainJob(store, events, author, runId, { memory, elsewhere }), jobId);
  } catch (thrown) {
    store.runs.setState(runId, run.state, run.jobId);
    throw thrown;
  }
  events.emit({ type: 'runs' });
  return { jobId, runId };
}

async function startPlan({ store, queue }: OpenProject, input: Parameters<Handlers['nnunet.plan']>[0]): Promise<CallOutput<'nnunet.plan'>> {
  const { fold, ...choices } = input;
  // only a fold asks where a case belongs, and then it is decided for good
  const cases = fold === 'all' ? acceptedCases(store) : await gatherRunCases(store, fold);
  const task: PlanTask = {
    task: 'plan',
    ...choices,
    msdTask: input.msdTask === undefined ? store.project.msdTask : input.msdTask,
    outputFolder: store.folder.path,
    preprocessedFolder: store.folder.preprocessed,
    legend: store.project.legend,
    labelRules: store.project.labelRules,
    cases: trainCases(store, cases),
  };
  return { jobId: queue.submit({ kind: 'plan', title: `Plan ${input.preset}`, tasks: [() => task], onItem() {} }) };
}

function startBench({ store, queue }: OpenProject, input: Parameters<Handlers['nnunet.bench']>[0]): CallOutput<'nnunet.bench'> {
  const cases = trainCases(store, acceptedCases(store));
  const task: BenchTask = {
    task: 'bench',
    ...input,
    recipe: trainingRecipe(input.preset, {}, input.choices, false),
    preprocessedFolder: store.folder.preprocessed,
    msdTask: input.msdTask === undefined ? store.project.msdTask : input.msdTask,
    legend: store.project.legend,
    labelRules: store.project.labelRules,
    cases,
  };
  const title = `Benchmark ${input.mode} ${input.configuration}`;
  return { jobId: queue.submit({ kind: 'bench', title, tasks: [() => task], onItem() {} }) };
}

interface TrainingManner {
  readonly isBackground?: boolean;
  readonly memory?: MemoryPolicy | undefined;
  readonly elsewhere?: ClusterUse | undefined;
}

/** What a node needs to hear of a stop, save and say so. */
const CLUSTER_KILL_MS = 60_000;

/** For a new run and for one that goes on: a run with a checkpoint of its own goes on from it. */
function trainJob(store: ProjectStore, events: EventHub, author: string, runId: RunId, { isBackground = false, memory, elsewhere }: TrainingManner): JobSpec {
  const tellRuns = () => events.emit({ type: 'runs' });
  const repeatsRunId = store.runs.find(runId)?.repeatsRunId ?? null;
  // a repetition is a check, not a candidate
  const gate = repeatsRunId === null ? gateJob({ store, runId, withRunId: null, author, onSettled: tellRuns }) : null;
  const afterwards = gate?.tasks ?? [() => compareTask(store, runId, repeatsRunId!)];
  let written: Promise<void> = Promise.resolve();
  const finished = (): null => {
    store.runs.setState(runId, 'finished');
    tellRuns();
    return null;
  };
  return {
    kind: 'train',
    title:
      repeatsRunId === null
        ? `${isBackground ? 'Retrain by itself' : 'Train'} ${runId}${elsewhere ? ` on ${elsewhere.choice.on}` : ''}`
        : `Repeat ${repeatsRunId}`,
    subject: runId,
    request: { call: 'nnunet.resume', input: { runId, cluster: elsewhere?.choice } },
    ...(elsewhere && { elsewhere: { host: elsewhere.host, taskCount: 2, retries: elsewhere.choice.retries }, killAfterMs: CLUSTER_KILL_MS }),
    isBackground,
    // what goes wrong with the gate takes nothing from a training that has ended well
    tasks: [() => ({ ...trainTask(store, runId), memory }), finished, ...afterwards],
    onStarted() {
      store.runs.setState(runId, 'running');
      tellRuns();
    },
    onItem(item) {
      gate?.onItem(item);
      if (item.kind === 'fittedRecipe') {
        const afterStep = store.runs.find(runId)?.step ?? 0;
        written = written.then(() => changeRecipe(store, runId, item.choices, author, afterStep));
      }
      if (item.kind === 'placed') written = written.then(() => addNode(store, runId, item.node));
      if (item.kind !== 'checkpoint') return;
      store.runs.checkpoint(runId, item, Date.now());
      tellRuns();
    },
    explain: (error) => explainTrainingDeath(store, runId, error),
    async onEnded(end) {
      await written;
      if (store.runs.find(runId)?.state !== 'finished') store.runs.setState(runId, runStateAfter(end));
      tellRuns();
    },
  };
}

/** What the run is, or would be, given to train. */
export function trainTask(store: ProjectStore, runId: RunId): TrainTask {
  const run = store.runs.find(runId);
  const options = store.runs.options(runId);
  if (!run || !options) throw new AppException({ code: 'not-found', what: 'run', id: runId });
  return {
    task: 'train',
    runId,
    runFolder: store.folder.run(runId),
    preprocessedFolder: store.folder.preprocessed,
    ...options,
    recipe: trainingRecipe(options.preset, options, options.recipe, run.parentRunId !== null),
    ...(run.parentRunId && { parentRunFolder: store.folder.run(run.parentRunId) }),
    resume: run.hasCheckpoint,
    ...(options.repeatsRunId && { repeatedRunFolder: store.folder.run(options.repeatsRunId) }),
    legend: store.project.legend,
    labelRules: store.project.labelRules,
    cases: withPrevious(store, options, casesOf(store, run)),
  };
}

function casesOf(store: ProjectStore, { runId, parentRunId }: RunInfo): TrainCase[] {
  const chosen = store.runs.cases(runId);
  return retrainCases(store, parentRunId, trainCases(store, chosen), chosen);
}

function withPrevious(store: ProjectStore, { configuration, previousRunIds }: RunOptions, cases: TrainCase[]): TrainCase[] {
  if (configuration !== CASCADE) return cases;
  const files = previousPredictions(
    store,
    previousRuns(store, previousRunIds),
    cases.map(({ caseId }) => caseId),
  );
  return cases.map((one) => ({ ...one, previousFile: files.get(one.caseId) }));
}

/** What takes nothing from the run: it goes on from its last checkpoint, or from the start. */
const CAN_GO_ON: ReadonlySet<AppError['code']> = new Set(['job/process-died', 'train/memory-short', 'train/out-of-memory', 'disk/full']);
/** A cancelled training goes on from its last checkpoint. */
function runStateAfter(end: JobEnd): 'finished' | 'interrupted' | 'failed' {
  if (end.state === 'succeeded') return 'finished';
  if (end.state === 'cancelled') return 'interrupted';
  return CAN_GO_ON.has(end.error.code) ? 'interrupted' : 'failed';
}

function optionsOf(input: TrainInput, importedTask: MsdTask | null): RunOptions {
  const hasEnd = input.epochs !== undefined || input.minutes !== undefined;
  const isWarmStart = input.parentRunId !== undefined;
  const length = hasEnd ? input : { epochs: defaultEpochs(input.preset, isWarmStart) };
  // Parsing drops what is no option of the training itself, the parent run.
  return RunOptions.parse({
    ...input,
    epochs: length.epochs,
    previousRunIds: [],
    cluster: input.cluster?.on,
    seed: input.seed ?? DEFAULT_SEED,
    recipe: trainingRecipe(input.preset, length, input.choices, isWarmStart),
    msdTask: input.msdTask === undefined ? importedTask : input.msdTask,
  });
}

/** `20261124-160501-3d_fullres-f0`, numbered when two start within a second. */
function newRunId(store: ProjectStore, { configuration, fold }: RunOptions, nowMs: number): RunId {
  const stamp = new Date(nowMs).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const stem = `${stamp}-${configuration}-${fold === 'all' ? 'all' : `f${fold}`}`;
  let name = stem;
  for (let n = 2; existsSync(store.folder.run(RunId.parse(name))); n++) name = `${stem}-${n}`;
  return RunId.parse(name);
}

/** In the order of training. A resumed job repeats steps after its checkpoint; what it says replaces what was said before. */
function metricsOf(store: ProjectStore, runId: RunId): Metric[] {
  let metrics: Metric[] = [];
  let jobId: string | null = null;
  for (const event of store.jobs.metricEvents('train', runId)) {
    if (event.type !== 'metric') continue;
    if (jobId !== event.jobId) {
      const from = event.metric.step;
      metrics = jobId === null ? metrics : metrics.filter((earlier) => earlier.step < from);
      jobId = event.jobId;
    }
    metrics.push(event.metric);
  }
  return metrics;
}
