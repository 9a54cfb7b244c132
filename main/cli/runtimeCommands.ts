import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { GpuRuntimeInfo } from '../contract/api.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
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
    .addHelpText('after', examples('runtime list'))
    .action((options: CommandOptions) => runCommand('runtime list', program, options, (session) => list(session)));
  runtime
    .command('install')
    .description('Install it from a folder of wheels; each must have the published hash. It is tried at once.')
    .addOption(new Option('--from <folder>', 'where the wheels lie').makeOptionMandatory())
    .addOption(jsonOption())
    .addHelpText('after', examples('runtime install --from /media/stick/wheels'))
    .action((options: InstallOptions) => runCommand('runtime install', program, options, (session) => install(session, resolve(options.from))));
  runtime
    .command('remove')
    .description('Take it away again; the processor is used.')
    .addOption(jsonOption())
    .addHelpText('after', examples('runtime remove'))
    .action((options: CommandOptions) => runCommand('runtime remove', program, options, (session) => remove(session)));
}

async function list(session: CliSession): Promise<CommandEnd> {
  const info = await session.call('app.gpuRuntime', {});
  for (const line of describe(info)) session.output.say(line);
  if (info.state === 'absent') session.output.say(`Fetch it where there is a network:\n  ${info.downloadCommand}\nthen: maskloop runtime install --from wheels`);
  return { exitCode: exitCodes.ok, value: info };
}

async function install(session: CliSession, folder: string): Promise<CommandEnd> {
  session.output.say('Checking and unpacking; this takes some minutes.');
  const info = await session.call('app.installGpuRuntime', { folder });
  for (const line of [...describe(info), `Files: ${info.folder}`]) session.output.say(line);
  return { exitCode: info.state === 'ready' ? exitCodes.ok : exitCodes.failed, value: info };
}

async function remove(session: CliSession): Promise<CommandEnd> {
  const info = await session.call('app.removeGpuRuntime', {});
  for (const line of describe(info)) session.output.say(line);
  return { exitCode: exitCodes.ok, value: info };
}

function describe({ title, platform, state, reason, hasGpu, isUsed }: GpuRuntimeInfo): string[] {
  const about = { absent: 'not installed', ready: isUsed ? 'installed, used from the next job on' : 'installed, not used', unusable: 'installed, but it does not run here' };
  const why = !hasGpu ? "No driver of an NVIDIA card was found: the processor's runtime is used." : state === 'ready' && !isUsed ? 'The settings of this computer ask for the processor.' : null;
  return [`${title} (${platform}): ${about[state]}`, ...(reason === null ? [] : [`  ${reason}`]), ...(why === null ? [] : [why])];
}
