import { expect, it } from 'vitest';
import { JobEvent, JobSummary } from '../../../main/contract/jobs.ts';
import { memoryErrorsOf, predictionAgain, predictOfferText } from './predictionOffers.ts';

const short = (caseId: string) => ({
  code: 'predict/memory-short',
  path: '/p',
  caseId,
  neededBytes: 9e9,
  availableBytes: 5e9,
  offers: [{ choices: { windowsPerCall: 1 }, neededBytes: 2.34e9 }],
});
const job = (more: object): JobSummary =>
  JobSummary.parse({
    jobId: 'predict-1',
    kind: 'predict',
    title: 'x',
    state: 'succeeded',
    queuedAtMs: 0,
    endedAtMs: 1,
    problems: [],
    isResumable: true,
    ...more,
  });
const queued = JobEvent.parse({
  type: 'queued',
  jobId: 'predict-1',
  seq: 0,
  atMs: 0,
  kind: 'predict',
  title: 'x',
  request: { call: 'nnunet.predict', input: { mirror: true, runIds: ['a', 'b'], caseIds: ['c1', 'c2', 'c3'] } },
});

it('cases that lacked memory are predicted again, and only those', () => {
  const partly = job({ problems: [short('c2'), { code: 'disk/corrupt', path: '/q', detail: 'd' }] });
  expect(memoryErrorsOf(partly)).toHaveLength(1);
  expect(predictionAgain(partly, queued, 'anyway')).toMatchObject({ caseIds: ['c2'], runIds: ['a', 'b'], mirror: true, memory: 'ignore' });
  expect(predictionAgain(partly, queued, { windowsPerCall: 1 })).toMatchObject({ caseIds: ['c2'], windowsPerCall: 1, runIds: ['a', 'b'] });
});

it('a job that failed is done whole again, with fewer models where that was chosen', () => {
  const failed = job({ state: 'failed', error: { code: 'predict/out-of-memory', detail: 'd', offers: [{ choices: { modelCount: 1 } }] } });
  const again = predictionAgain(failed, queued, { modelCount: 1 });
  expect(again).toMatchObject({ caseIds: ['c1', 'c2', 'c3'], runIds: ['a'] });
  expect(again?.memory).toBeUndefined();
  expect(predictionAgain(failed, undefined, 'anyway')).toBeNull();
});

it('nothing is offered while it runs, or for another kind', () => {
  expect(memoryErrorsOf(job({ endedAtMs: undefined, state: 'running', problems: [short('c1')] }))).toEqual([]);
  expect(memoryErrorsOf(job({ kind: 'export', problems: [short('c1')] }))).toEqual([]);
});

it('an offer says what it needs, where that is known', () => {
  expect(predictOfferText({ choices: { windowsPerCall: 1 }, neededBytes: 2.34e9 })).toBe('Predict one slice at a time (2.3 GB)');
  expect(predictOfferText({ choices: { modelCount: 1 } })).toBe('Predict with the first model alone');
});
