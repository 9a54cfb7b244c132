import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { describeError } from '../contract/describeError.ts';
import { toAppError } from '../contract/errors.ts';
import { computeEnvironment } from '../host/computeEnvironment.ts';
import { createForkComputeHost } from '../host/forkComputeHost.ts';
import { GPU_RUNTIME } from '../host/gpuManifest.ts';
import { downloadCommand, gpuRuntimeFolder, gpuRuntimeState, gpuRuntimeVariables, hasCudaGpu, installGpuRuntime, rememberWhetherItRuns, removeGpuRuntime } from '../host/gpuRuntime.ts';
import { defaultStateFolder, type ProgramPaths } from '../host/programPaths.ts';
import { runShortTask } from '../services/shortTask.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';

interface InstallOptions extends CommandOptions {
  readonly from: string;
}

/** `runtime list`, `install`, `remove`: the add-on for graphics cards. Nothing is fetched from a network. */
export function addRuntimeCommands(root: Command, program: ProgramPaths): void {
  const runtime = root.command('runtime').description('The TensorFlow runtime for graphics cards, an add-on of 2.5 GB.');
  runtime
    .command('list')
    .description('Say whether it is installed and used, and how its files are fetched.')
    .addOption(jsonOption())
    .action((options: CommandOptions) => runCommand('runtime list', program, options, (session) => list(session)));
  runtime
    .command('install')
    .description('Install it from a folder of wheels; each must have the published hash.')
    .addOption(new Option('--from <folder>', 'where the wheels lie').makeOptionMandatory())
    .addOption(jsonOption())
    .addHelpText('after', examples('runtime install --from /media/stick/wheels'))
    .action((options: InstallOptions) => runCommand('runtime install', program, options, (session) => install(session, program, resolve(options.from))));
  runtime
    .command('remove')
    .description('Take it away again; the processor is used.')
    .addOption(jsonOption())
    .action((options: CommandOptions) => runCommand('runtime remove', program, options, (session) => remove(session)));
}

async function list({ output }: CliSession): Promise<CommandEnd> {
  const stateFolder = defaultStateFolder();
  const state = gpuRuntimeState(stateFolder);
  const hasGpu = hasCudaGpu();
  const isUsed = computeEnvironment(stateFolder).LD_LIBRARY_PATH?.startsWith(gpuRuntimeFolder(stateFolder)) ?? false;
  const about = { absent: 'not installed', ready: isUsed ? 'installed and used' : 'installed, not used', unusable: 'installed, does not run here' };
  output.say(`${GPU_RUNTIME.title} (${GPU_RUNTIME.platform}): ${about[state.kind]}`);
  if (state.kind === 'unusable') output.say(`  ${state.reason}`);
  if (!hasGpu) output.say("No driver of an NVIDIA card was found: the processor's runtime is used.");
  else if (state.kind === 'ready' && !isUsed) output.say('The settings of this computer ask for the processor.');
  if (state.kind === 'absent') output.say(`Fetch it where there is a network:\n  ${downloadCommand(GPU_RUNTIME, 'wheels')}\nthen: maskloop runtime install --from wheels`);
  return { exitCode: exitCodes.ok, value: { id: GPU_RUNTIME.id, state: state.kind, isUsed, hasGpu, folder: gpuRuntimeFolder(stateFolder) } };
}

/** Tries it at once: what does not load is kept, passed over, and said. */
async function install({ output }: CliSession, program: ProgramPaths, from: string): Promise<CommandEnd> {
  const stateFolder = defaultStateFolder();
  const folder = await installGpuRuntime(stateFolder, from, (line) => output.say(line));
  const environment = { ...process.env, ...gpuRuntimeVariables(stateFolder, process.env) };
  const problem = await runShortTask(createForkComputeHost(program.computeScript, () => environment), { task: 'checkRuntime' }).then(
    () => null,
    (thrown: unknown) => describeError(toAppError(thrown)),
  );
  await rememberWhetherItRuns(stateFolder, problem);
  output.say(`Installed in ${folder}.`);
  if (problem !== null) output.say(`It does not run here, so the processor's runtime stays in use: ${problem}`);
  else output.say(hasCudaGpu() ? 'It is used from the next job on.' : "It runs, but no driver of an NVIDIA card was found: the processor's runtime stays in use.");
  return { exitCode: problem === null ? exitCodes.ok : exitCodes.failed, value: { folder, problem } };
}

async function remove({ output }: CliSession): Promise<CommandEnd> {
  const wasThere = await removeGpuRuntime(defaultStateFolder());
  output.say(wasThere ? `${GPU_RUNTIME.title} is removed.` : `${GPU_RUNTIME.title} is not installed.`);
  return { exitCode: exitCodes.ok, value: { wasThere } };
}
