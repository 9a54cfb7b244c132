/** The models of a project: which one is used, what the gate said of each, and what becomes of those nobody needs. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { CallOutput, Handlers, ModelInfo, RunInfo, RunSettings } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import { GateReport, GateRules, type GateRuleChanges } from '../contract/gate.ts';
import { RerunOutcome } from '../contract/rerun.ts';
import type { JobId, RunId } from '../contract/vocabulary.ts';
import { type ChoiceReason, refusalsInARow } from '../dataset/modelTable.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import { trainingRecipe } from '../nnunet/train/trainingPreset.ts';
import { answer } from './answer.ts';
import { nodesOf } from './clusterServices.ts';
import type { EventHub } from './eventHub.ts';
import { gateJob } from './gateJob.ts';
import type { OpenProject, ProjectSession } from './projectSession.ts';
import { runCurves } from './runCurves.ts';
import { runShortTask } from './shortTask.ts';
import { readIfThere } from '../dataset/readIfThere.ts';

type RegistryCalls =
  | 'models.list'
  | 'models.use'
  | 'models.rollBack'
  | 'models.pin'
  | 'models.delete'
  | 'models.gate'
  | 'models.compare'
  | 'models.gateReport'
  | 'models.setRules';

/** After so many refusals a training from scratch is offered. */
const REFUSALS_BEFORE_ADVICE = 2;

export function registryServices(session: ProjectSession, compute: ComputeHost, events: EventHub, author: string): Pick<Handlers, RegistryCalls> {
  const tellRuns = () => events.emit({ type: 'runs' });
  const choose = (store: ProjectStore, runId: RunId, reason: ChoiceReason) => {
    store.models.choose({ runId, reason, author, atMs: Date.now() });
    tellRuns();
  };
  return {
    'models.list': () => answer(() => session.during(({ store }) => listModels(store))),
    'models.use': ({ runId }) =>
      answer(() => {
        const { store } = session.current();
        choose(store, requireModel(store, runId).runId, 'user');
        return null;
      }),
    'models.rollBack': () =>
      answer(() => {
        const { store } = session.current();
        const runId = modelBefore(store);
        choose(store, runId, 'rollBack');
        return { runId };
      }),
    'models.pin': ({ runId, isPinned }) =>
      answer(() => {
        const { store } = session.current();
        store.runs.setPinned(requireRun(store, runId).runId, isPinned);
        tellRuns();
        return null;
      }),
    'models.delete': ({ runId }) => answer(() => session.during(({ store }) => deleteModel(store, compute, author, tellRuns, runId))),
    'models.gate': ({ runId }) => answer(() => startGate(session.current(), author, tellRuns, runId, null)),
    'models.compare': ({ runId, withRunId }) => answer(() => startGate(session.current(), author, tellRuns, runId, withRunId)),
    'models.gateReport': ({ runId }) => answer(() => session.during(({ store }) => gateReport(store, runId))),
    'models.setRules': ({ changes }) =>
      answer(() => {
        const { store } = session.current();
        store.project.setGateRules(changedRules(store.project.gateRules, changes));
        tellRuns();
        return store.project.gateRules;
      }),
  };
}

async function listModels(store: ProjectStore): Promise<CallOutput<'models.list'>> {
  const verdicts = store.models.verdicts();
  const [lastChoice] = store.models.choices();
  const models = await Promise.all(store.runs.list().map((run) => modelInfo(store, run)));
  return {
    models,
    currentRunId: lastChoice?.runId ?? null,
    rules: store.project.gateRules,
    adviseFullRetrain: refusalsInARow(verdicts, lastChoice?.atMs ?? 0) >= REFUSALS_BEFORE_ADVICE,
  };
}

const RunRecord = z.object({ trainingDataSha256: z.string().nullable().catch(null) }).catch({ trainingDataSha256: null });

async function modelInfo(store: ProjectStore, run: RunInfo): Promise<ModelInfo> {
  const folder = store.folder.run(run.runId);
  const verdict = store.models.verdictOf(run.runId);
  const record = await readIfThere(join(folder, 'run.json'));
  const plan = await readIfThere(join(folder, 'plans.json'));
  const rerun = await readIfThere(join(folder, 'rerun.json'));
  return {
    ...run,
    verdict,
    curves: await runCurves(folder),
    settings: settingsOf(store, run),
    nodes: (await nodesOf(store, run.runId)).map(({ node }) => node),
    trainingDataSha256: RunRecord.parse(record && jsonOf(record)).trainingDataSha256,
    planSha256: plan && createHash('sha256').update(plan).digest('hex'),
    rerun: rerun && (RerunOutcome.safeParse(jsonOf(rerun)).data ?? null),
    sizeBytes: await bytesIn(folder),
  };
}

function settingsOf(store: ProjectStore, { runId, parentRunId }: RunInfo): RunSettings | null {
  const options = store.runs.options(runId);
  if (!options) return null;
  const { preset, seed, epochs, minutes } = options;
  const usual: Record<string, unknown> = trainingRecipe(preset, options, {}, parentRunId !== null);
  const choices = Object.entries(options.recipe).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(usual[name]));
  return { seed, epochs: epochs ?? null, minutes: minutes ?? null, choices: choices.map(([name, value]) => ({ name, value: String(value) })) };
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null; // a damaged record says nothing; the run itself is in the database
  }
}

async function bytesIn(folder: string): Promise<number> {
  if (!existsSync(folder)) return 0;
  const entries = await readdir(folder, { withFileTypes: true });
  const sizes = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    // a running training replaces files while we look
    return entry.isDirectory()
      ? bytesIn(path)
      : stat(path).then(
          ({ size }) => size,
          () => 0,
        );
  });
  return (await Promise.all(sizes)).reduce((a, b) => a + b, 0);
}

/** Throws AppException not-found, predict/no-model. */
function requireModel(store: ProjectStore, runId: RunId): RunInfo {
  const run = requireRun(store, runId);
  if (!run.hasCheckpoint) throw new AppException({ code: 'predict/no-model' });
  return run;
}

function requireRun(store: ProjectStore, runId: RunId): RunInfo {
  const run = store.runs.find(runId);
  if (!run) throw new AppException({ code: 'not-found', what: 'run', id: runId });
  return run;
}

/** The parent of the current model, else the one that was used before it. Throws AppException contract/bad-input. */
function modelBefore(store: ProjectStore): RunId {
  const current = store.models.current();
  const parent = current && store.runs.find(current)?.parentRunId;
  const earlier = [...(parent ? [parent] : []), ...store.models.choices().map(({ runId }) => runId)];
  const usable = earlier.find((runId) => runId !== current && store.runs.find(runId)?.hasCheckpoint);
  if (!usable) throw refused('there is no earlier model to go back to');
  return usable;
}

const refused = (issue: string): AppException => new AppException({ code: 'contract/bad-input', issues: [issue] });

/** The row first: what a crash leaves of the files, a second call removes. */
async function deleteModel(store: ProjectStore, compute: ComputeHost, author: string, tellRuns: () => void, runId: RunId): Promise<{ freedBytes: number }> {
  const run = requireRun(store, runId);
  if (run.state === 'queued' || run.state === 'running') throw new AppException({ code: 'job/busy', jobId: run.jobId });
  if (run.isCurrent) throw refused(`runId: ${runId} is the current model; use another one first`);
  if (run.isPinned) throw refused(`runId: ${runId} is pinned`);
  const needing = store.runs.list().find((other) => other.deletedAtMs === null && store.runs.options(other.runId)?.previousRunIds.includes(runId));
  if (needing) throw refused(`runId: ${needing.runId} needs ${runId} as its first stage; delete that one first`);
  const busy = store.runs.list().find((other) => other.parentRunId === runId && (other.state === 'queued' || other.state === 'running'));
  if (busy) throw new AppException({ code: 'job/busy', jobId: busy.jobId });
  store.runs.markDeleted(runId, Date.now(), author);
  tellRuns();
  const summary = await runShortTask(compute, { task: 'deleteModel', runFolder: store.folder.run(runId) });
  tellRuns();
  return z.object({ freedBytes: z.int() }).parse(summary);
}

/** Throws AppException not-found, predict/no-model, job/busy, contract/bad-input. */
function startGate({ store, queue }: OpenProject, author: string, tellRuns: () => void, runId: RunId, withRunId: RunId | null): { jobId: JobId } {
  const run = requireModel(store, runId);
  if (run.state === 'queued' || run.state === 'running') throw new AppException({ code: 'job/busy', jobId: run.jobId });
  if (withRunId !== null) requireModel(store, withRunId);
  if (runId === (withRunId ?? store.models.current())) throw refused(`runId: ${runId} would be compared with itself`);
  const { tasks, onItem } = gateJob({ store, runId, withRunId, author, onSettled: tellRuns });
  const title = withRunId === null ? `Judge ${runId}` : `Compare ${runId} with ${withRunId}`;
  return { jobId: queue.submit({ kind: 'evaluate', isHeavy: true, title, subject: runId, tasks, onItem }) };
}

/** Throws AppException not-found when the run was never judged. */
async function gateReport(store: ProjectStore, runId: RunId): Promise<CallOutput<'models.gateReport'>> {
  const verdict = store.models.verdictOf(requireRun(store, runId).runId);
  if (!verdict) throw new AppException({ code: 'not-found', what: 'verdict', id: runId });
  const bytes = await readIfThere(join(store.folder.gate(runId), 'report.json'));
  const report = GateReport.safeParse(bytes && jsonOf(bytes));
  const isOfVerdict = report.success && report.data.verdict.judgedAtMs === verdict.judgedAtMs;
  const htmlFile = join(store.folder.gate(runId), 'report.html');
  // no browser reads one of an encrypted project
  const isOpen = !store.isEncrypted;
  return { version: 1, verdict, pictures: isOfVerdict ? report.data.pictures : [], htmlFile: isOfVerdict && isOpen && existsSync(htmlFile) ? htmlFile : null };
}

function changedRules(rules: GateRules, changes: GateRuleChanges): GateRules {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return GateRules.parse({ ...rules, ...Object.fromEntries(given) });
}
