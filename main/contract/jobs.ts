/** Jobs are a stream of facts: the state is a fold over the persisted event log. */
import { z } from 'zod';
import { AppError } from './errors.ts';
import { JobId } from './vocabulary.ts';

export const JobKind = z.enum(['import', 'train', 'predict', 'evaluate', 'export', 'bench', 'plan', 'legend']);
export type JobKind = z.infer<typeof JobKind>;
export const JobState = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted']);
export type JobState = z.infer<typeof JobState>;

/**
 * `step` and `epoch` count from 1; Dice metrics are 0..1. `label` names the class of a per-class metric. `waitingShare` is
 * the part of the time a step waits for its batch, `skippedSteps` counts the updates of the run that were not finite,
 * `processorCores` and `memoryBytes` are those of the compute process.
 */
export const Metric = z.object({
  name: z.enum([
    'trainLoss',
    'valDice',
    'learningRate',
    'secondsPerStep',
    'waitingShare',
    'gradientNorm',
    'skippedSteps',
    'lossScale',
    'processorCores',
    'memoryBytes',
  ]),
  epoch: z.int().nonnegative(),
  step: z.int().nonnegative(),
  value: z.number(),
  label: z.string().optional(),
});
export type Metric = z.infer<typeof Metric>;

export const Progress = z.object({
  phase: z.enum([
    'waiting',
    'starting',
    'scanning',
    'reading',
    'fingerprint',
    'planning',
    'preprocessing',
    'training',
    'validating',
    'paused',
    'predicting',
    'evaluating',
    'writing',
    'receiving',
    'sending',
  ]),
  done: z.number().nonnegative(),
  total: z.number().nonnegative(),
  secondsLeft: z.number().nonnegative().optional(),
});
export type Progress = z.infer<typeof Progress>;

/** What a long task may tell while it runs. `problem` is something skipped or doubtful; the job goes on. */
export const JobNews = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: Progress }),
  z.object({ type: z.literal('metric'), metric: Metric }),
  z.object({ type: z.literal('problem'), error: AppError }),
  /** A finished piece of the job (`TaskItem` of tasks.ts), JSON only. */
  z.object({ type: z.literal('item'), item: z.unknown() }),
]);
export type JobNews = z.infer<typeof JobNews>;

/** The call that does the job, or what is left of it, once more. Input as the call takes it. */
export const JobRequest = z.object({ call: z.enum(['nnunet.resume', 'nnunet.predict', 'dataset.import']), input: z.record(z.string(), z.unknown()) });
export type JobRequest = z.infer<typeof JobRequest>;

const event = <T extends string, S extends z.ZodRawShape>(type: T, facts: S) =>
  z.object({ type: z.literal(type), jobId: JobId, seq: z.int().nonnegative(), atMs: z.number(), ...facts });

export const JobEvent = z.discriminatedUnion('type', [
  event('queued', {
    kind: JobKind,
    title: z.string(),
    subject: z.string().optional(),
    request: JobRequest.optional(),
    /** Folders outside the project that its files go into. */ writesInto: z.array(z.string()).optional(),
  }),
  /** The user wants it next. */
  event('movedUp', {}),
  event('started', {}),
  /** Failed with what may go away by itself; the next of at most `attempts` begins at `retryAtMs`. */
  event('retrying', { error: AppError, attempt: z.int().positive(), attempts: z.int().positive(), retryAtMs: z.number() }),
  event('progress', { progress: Progress }),
  event('metric', { metric: Metric }),
  event('problem', { error: AppError }),
  event('succeeded', { summary: z.record(z.string(), z.unknown()) }),
  event('failed', { error: AppError }),
  event('cancelled', {}),
  /** Maskloop ended, or died, before the job did. */
  event('interrupted', {}),
  /** Another job does what was left of this one. */
  event('resumed', { byJobId: JobId }),
]);
export type JobEvent = z.infer<typeof JobEvent>;

const NEXT: Record<JobState, Partial<Record<JobEvent['type'], JobState>>> = {
  queued: { movedUp: 'queued', started: 'running', cancelled: 'cancelled', failed: 'failed', interrupted: 'interrupted' },
  running: {
    progress: 'running',
    metric: 'running',
    problem: 'running',
    retrying: 'running',
    succeeded: 'succeeded',
    failed: 'failed',
    cancelled: 'cancelled',
    interrupted: 'interrupted',
  },
  succeeded: {},
  failed: { resumed: 'failed' },
  cancelled: { resumed: 'cancelled' },
  interrupted: { resumed: 'interrupted' },
};

/** Pure; the job queue uses it before persisting, the renderer before drawing. The first event of a job is `queued`. */
export function nextState(state: JobState | null, jobEvent: JobEvent): JobState {
  const next = state === null ? (jobEvent.type === 'queued' ? 'queued' : undefined) : NEXT[state][jobEvent.type];
  if (!next) throw new Error(`job ${jobEvent.jobId}: '${jobEvent.type}' is illegal in '${String(state)}'`);
  return next;
}

export const JobSummary = z.object({
  jobId: JobId,
  kind: JobKind,
  title: z.string(),
  /** What the job works on, e.g. the run id of a training. */
  subject: z.string().optional(),
  state: JobState,
  progress: Progress.optional(),
  queuedAtMs: z.number(),
  endedAtMs: z.number().optional(),
  problems: z.array(AppError),
  error: AppError.optional(),
  summary: z.record(z.string(), z.unknown()).optional(),
  movedUpAtMs: z.number().optional(),
  /** While it waits before another attempt. */
  retry: z.object({ attempt: z.int().positive(), attempts: z.int().positive(), retryAtMs: z.number() }).optional(),
  /** It can be done again from where it ended (`jobs.resume`). */
  isResumable: z.boolean().default(false),
});
export type JobSummary = z.infer<typeof JobSummary>;
