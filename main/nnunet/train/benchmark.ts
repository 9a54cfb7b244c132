/** Fixed work for a benchmark, and what its times say. */
import { percentile } from '../statistics.ts';

export interface Latencies {
  readonly steps: number;
  readonly imagesPerSecond: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** `stepMs` of a whole benchmark; the first `warmUpSteps` do not count. A step works on `batchSize` images. */
export function summarizeLatencies(stepMs: readonly number[], warmUpSteps: number, batchSize: number): Latencies {
  const counted = Float64Array.from(stepMs.slice(warmUpSteps)).sort();
  const meanMs = counted.reduce((sum, ms) => sum + ms, 0) / counted.length;
  const at = (percent: number): number => percentile(counted, percent);
  return { steps: counted.length, imagesPerSecond: (1000 * batchSize) / meanMs, meanMs, p50Ms: at(50), p90Ms: at(90), p95Ms: at(95), p99Ms: at(99) };
}
