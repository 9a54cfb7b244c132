import { expect, it } from 'vitest';
import type { JobNews } from '../contract/jobs.ts';
import { withHardwareUse } from './hardwareUse.ts';

it('tells cores and memory every 15 seconds of training, with the loss it goes with', () => {
  const told: JobNews[] = [];
  const clock = { ms: 0, micros: 0 };
  const port = withHardwareUse(
    { tell: (news) => told.push(news), stop: { aborted: false } },
    { now: () => clock.ms, cpuMicros: () => clock.micros, residentBytes: () => 5e9 },
  );
  const loss = (step: number): JobNews => ({ type: 'metric', metric: { name: 'trainLoss', epoch: 1, step, value: 0.5 } });
  for (const [ms, micros, step] of [
    [10_000, 9e6, 1],
    [20_000, 35e6, 2],
    [30_000, 40e6, 3],
    [36_000, 59e6, 4],
  ] as const) {
    Object.assign(clock, { ms, micros });
    port.tell(loss(step));
  }
  port.tell({ type: 'progress', progress: { phase: 'training', done: 1, total: 2 } });
  const metrics = told.flatMap((news) => (news.type === 'metric' ? [[news.metric.name, news.metric.step, news.metric.value]] : []));
  expect(metrics).toEqual([
    ['trainLoss', 1, 0.5],
    ['trainLoss', 2, 0.5],
    ['processorCores', 2, 1.75],
    ['memoryBytes', 2, 5e9],
    ['trainLoss', 3, 0.5],
    ['trainLoss', 4, 0.5],
    ['processorCores', 4, 1.5],
    ['memoryBytes', 4, 5e9],
  ]);
  expect(told).toHaveLength(9);
});
