import type { Preferences } from '../contract/preferences.ts';
import { readPreferencesNow } from '../services/preferencesFile.ts';
import { gpuRuntimeState, gpuRuntimeVariables, hasCudaGpu } from './gpuRuntime.ts';

/** How the user's choices reach a compute process: TensorFlow's and CUDA's own variables, and one of ours. */
export function variablesOf({ threads, memoryGb, device }: Pick<Preferences, 'threads' | 'memoryGb' | 'device'>): Record<string, string> {
  return {
    ...(threads !== null && {
      TF_NUM_INTRAOP_THREADS: String(threads),
      TF_NUM_INTEROP_THREADS: String(Math.min(2, threads)),
      OMP_NUM_THREADS: String(threads),
    }),
    ...(memoryGb !== null && { MASKLOOP_MEMORY_GB: String(memoryGb) }),
    ...(device === 'cpu' && { CUDA_VISIBLE_DEVICES: '-1' }),
  };
}

/**
 * The environment of the next compute process. Read for each, so that a choice acts at once and without a restart; what
 * was set outside the program goes before it. The add-on for graphics cards is taken where it runs and there is a card.
 */
export function computeEnvironment(stateFolder: string, hasGpu: () => boolean = hasCudaGpu): NodeJS.ProcessEnv {
  const preferences = readPreferencesNow(stateFolder);
  const takesGpu = preferences.device !== 'cpu' && gpuRuntimeState(stateFolder).kind === 'ready' && hasGpu();
  return { ...variablesOf(preferences), ...process.env, ...(takesGpu && gpuRuntimeVariables(stateFolder, process.env)) };
}
