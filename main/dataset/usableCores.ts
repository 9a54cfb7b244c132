import { availableParallelism, cpus } from 'node:os';

/** Cores that this process may use: those of the machine, or fewer where the user says so (settings, TensorFlow's own variable). */
export function usableCores(environment: NodeJS.ProcessEnv = process.env): number {
  // `availableParallelism` is younger than the oldest runtime we serve
  const cores = typeof availableParallelism === 'function' ? availableParallelism() : cpus().length;
  const chosen = Number(environment.TF_NUM_INTRAOP_THREADS);
  return chosen >= 1 ? Math.min(cores, Math.floor(chosen)) : cores;
}
