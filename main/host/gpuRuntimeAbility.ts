import { describeError } from '../contract/describeError.ts';
import { toAppError } from '../contract/errors.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import type { GpuRuntimeAbility } from '../services/services.ts';
import { runShortTask } from '../services/shortTask.ts';
import { computeEnvironment } from './computeEnvironment.ts';
import { GPU_RUNTIME, type RuntimeManifest } from './gpuManifest.ts';
import { downloadCommand, gpuRuntimeFolder, gpuRuntimeState, gpuRuntimeVariables, hasCudaGpu, installGpuRuntime, rememberWhetherItRuns, removeGpuRuntime } from './gpuRuntime.ts';

/** `hostWith`: compute processes of this shell with an environment. */
export function createGpuRuntimeAbility(
  stateFolder: string,
  hostWith: (environment: () => NodeJS.ProcessEnv) => ComputeHost,
  manifest: RuntimeManifest = GPU_RUNTIME,
): GpuRuntimeAbility {
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
      };
    },
    async install(from) {
      await installGpuRuntime(stateFolder, from, manifest);
      const environment = { ...process.env, ...gpuRuntimeVariables(stateFolder, process.env, manifest) };
      const problem = await runShortTask(hostWith(() => environment), { task: 'checkRuntime' }).then(
        () => null,
        (thrown: unknown) => describeError(toAppError(thrown)),
      );
      await rememberWhetherItRuns(stateFolder, problem, manifest);
    },
    remove: () => removeGpuRuntime(stateFolder, manifest),
  };
}
