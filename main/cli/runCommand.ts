import { toAppError } from '../contract/errors.ts';
import { computeEnvironment } from '../host/computeEnvironment.ts';
import { currentUserName } from '../host/currentUserName.ts';
import { createClusters } from '../cluster/openCluster.ts';
import { createForkComputeHost } from '../host/forkComputeHost.ts';
import { createGpuRuntimeAbility } from '../host/gpuRuntimeAbility.ts';
import { defaultStateFolder, type ProgramPaths } from '../host/programPaths.ts';
import { createServices } from '../services/createServices.ts';
import type { HostAbilities } from '../services/services.ts';
import { CliSession } from './cliSession.ts';
import { exitCodes, type ExitCode } from './exitCodes.ts';
import { Interrupt } from './interrupt.ts';
import { Output } from './output.ts';

export interface CommandOptions {
  readonly json?: boolean;
}

/** What a command leaves: `value` is the `value` of the JSON result line. */
export interface CommandEnd {
  readonly exitCode: ExitCode;
  readonly value: unknown;
}

/** Runs one command over fresh services; always closes them, prints the result and sets the exit code. */
export async function runCommand(
  name: string,
  program: ProgramPaths,
  options: CommandOptions,
  action: (session: CliSession) => Promise<CommandEnd>,
  shell: HostAbilities['shell'] = 'cli',
): Promise<void> {
  const output = new Output(process.stdout, process.stderr, options.json ?? false);
  const interrupt = new Interrupt(() => process.exit(exitCodes.cancelled));
  const onSignal = (): void => interrupt.press();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    const stateFolder = defaultStateFolder();
    const services = createServices({
      compute: createForkComputeHost(program.computeScript, () => computeEnvironment(stateFolder)),
      clusters: createClusters(program.version, program.computeScript),
      host: {
        shell,
        version: program.version,
        userName: currentUserName(),
        stateFolder,
        gpuRuntime: createGpuRuntimeAbility(stateFolder, (environment) => createForkComputeHost(program.computeScript, environment)),
      },
    });
    let end: CommandEnd;
    try {
      end = await action(new CliSession(services, output, interrupt, program));
    } finally {
      await services.close();
    }
    output.result(name, end.exitCode, end.value);
    process.exitCode = end.exitCode;
  } catch (thrown) {
    output.failure(name, exitCodes.failed, toAppError(thrown));
    process.exitCode = exitCodes.failed;
  } finally {
    process.removeListener('SIGINT', onSignal).removeListener('SIGTERM', onSignal);
  }
}
