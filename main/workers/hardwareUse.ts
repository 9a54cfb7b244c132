/** What a training takes of the machine, told beside its curves. */
import { cpuUsage, memoryUsage } from 'node:process';
import { performance } from 'node:perf_hooks';
import type { JobPort } from '../contract/jobPort.ts';

/** A point of the curves; more often would only fill the log. */
const INTERVAL_MS = 15_000;

interface Meters {
  now(): number;
  /** Microseconds of all threads. */
  cpuMicros(): number;
  residentBytes(): number;
}

const OF_THIS_PROCESS: Meters = {
  now: () => performance.now(),
  cpuMicros: () => {
    const { user, system } = cpuUsage();
    return user + system;
  },
  residentBytes: () => memoryUsage().rss,
};

/** With the losses it passes on goes, now and then, how many processor cores and bytes this process has used since. */
export function withHardwareUse(port: JobPort, meters: Meters = OF_THIS_PROCESS): JobPort {
  let sinceMs = meters.now();
  let sinceMicros = meters.cpuMicros();
  return {
    ...port,
    tell(news) {
      port.tell(news);
      if (news.type !== 'metric' || news.metric.name !== 'trainLoss') return;
      const nowMs = meters.now();
      if (nowMs - sinceMs < INTERVAL_MS) return;
      const micros = meters.cpuMicros();
      const { epoch, step } = news.metric;
      port.tell({ type: 'metric', metric: { name: 'processorCores', epoch, step, value: (micros - sinceMicros) / 1000 / (nowMs - sinceMs) } });
      port.tell({ type: 'metric', metric: { name: 'memoryBytes', epoch, step, value: meters.residentBytes() } });
      sinceMs = nowMs;
      sinceMicros = micros;
    },
  };
}
