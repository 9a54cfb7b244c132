import { describeError } from '../contract/describeError.ts';
import { AppException, toAppError } from '../contract/errors.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import type { GpuRuntimeAbility } from '../services/services.ts';
import { runShortTask } from '../services/shortTask.ts';
import { computeEnvironment } from './computeEnvironment.ts';
import { GPU_RUNTIME, type RuntimeManifest } from './gpuManifest.ts';
import {
  downloadCommand,
  downloadGpuRuntime,
  gpuRuntimeFolder,
  gpuRuntimeState,
  gpuRuntimeVariables,
  hasCudaGpu,
  installGpuRuntime,
  rememberWhetherItRuns,
  removeGpuRuntime,
} from './gpuRuntime.ts';

/** `hostWith`: compute processes of this shell with an environment. */
export function createGpuRuntimeAbility(
  stateFolder: string,
  hostWith: (environment: () => NodeJS.ProcessEnv) => ComputeHost,
  manifest: RuntimeManifest = GPU_RUNTIME,
): GpuRuntimeAbility {
  let fetching: { readonly stopper: AbortController; receivedBytes: number; totalBytes: number | null } | null = null;
  async function tryIt(): Promise<void> {
    const environment = { ...process.env, ...gpuRuntimeVariables(stateFolder, process.env, manifest) };
    const problem = await runShortTask(
      hostWith(() => environment),
      { task: 'checkRuntime' },
    ).then(
      () => null,
      (thrown: unknown) => describeError(toAppError(thrown)),
    );
    await rememberWhetherItRuns(stateFolder, problem, manifest);
  }
  return {
    info() {
      const state = gpuRuntimeState(stateFolder, manifest);
      const folder = gpuRuntimeFolder(stateFolder, manifest);
      return {
        title: manifest.title,
        platform: manifest.platform,
        folder,
        state: state.kind,
        reason: state.kind === 'unusable' ? state.reason : null,
        hasGpu: hasCudaGpu(),
        isUsed: computeEnvironment(stateFolder).LD_LIBRARY_PATH?.startsWith(folder) ?? false,
        downloadCommand: downloadCommand(manifest, 'wheels'),
        fetching: fetching && { receivedBytes: fetching.receivedBytes, totalBytes: fetching.totalBytes },
        proposedIndex: process.env.PIP_INDEX_URL ?? null,
      };
    },
    async install(from) {
      await installGpuRuntime(stateFolder, from, manifest);
      await tryIt();
    },
    async download(index, onProgress) {
      if (fetching) throw new AppException({ code: 'contract/bad-input', issues: ['it is being downloaded already'] });
      const state = { stopper: new AbortController(), receivedBytes: 0, totalBytes: null as number | null };
      fetching = state;
      const note = (receivedBytes: number, totalBytes: number | null): void => {
        Object.assign(state, { receivedBytes, totalBytes });
        onProgress?.(receivedBytes, totalBytes);
      };
      try {
        await downloadGpuRuntime(stateFolder, { index, onProgress: note, stop: state.stopper.signal }, manifest);
        await tryIt();
      } catch (thrown) {
        if (!state.stopper.signal.aborted) throw thrown; // else: given up, as the user wished
      } finally {
        fetching = null;
      }
    },
    stopDownload: () => fetching?.stopper.abort(),
    remove: () => removeGpuRuntime(stateFolder, manifest),
  };
}
