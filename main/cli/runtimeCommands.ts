import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { GpuRuntimeInfo } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import { gigabytes } from '../contract/memory.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';

interface InstallOptions extends CommandOptions {
  readonly from?: string;
  readonly download?: boolean;
  readonly index?: string;
}
/** Between two words about a download. */
const TELL_MS = 5000;

/** `runtime list`, `install`, `remove`: the add-on for graphics cards. Nothing is fetched from a network but by `--download`. */
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
    .description('Install it from a folder of wheels, or download them (2.5 GB); each must have the published hash. It is tried at once.')
    .addOption(new Option('--from <folder>', 'where the wheels lie').conflicts(['download', 'index']))
    .addOption(new Option('--download', 'fetch the wheels; what an interrupted download left is used'))
    .addOption(new Option('--index <url>', 'with --download: the package index, the address that pip calls index-url (default: PIP_INDEX_URL)'))
    .addOption(jsonOption())
    .addHelpText('after', examples('runtime install --from /media/stick/wheels', 'runtime install --download --index https://packages.hospital.example/simple'))
    .action((options: InstallOptions) => runCommand('runtime install', program, options, (session) => install(session, options)));
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
  if (info.state === 'absent')
    session.output.say(
      `Fetch it where there is a network:\n  ${info.downloadCommand}\nthen: maskloop runtime install --from wheels\nOr from a package index: maskloop runtime install --download --index URL`,
    );
  return { exitCode: exitCodes.ok, value: info };
}

async function install(session: CliSession, { from, download, index }: InstallOptions): Promise<CommandEnd> {
  const info = from === undefined ? await fetchIt(session, download ? index : null) : await unpack(session, resolve(from));
  if (info === null) return { exitCode: exitCodes.cancelled, value: null };
  for (const line of [...describe(info), `Files: ${info.folder}`]) session.output.say(line);
  return { exitCode: info.state === 'ready' ? exitCodes.ok : exitCodes.failed, value: info };
}

function unpack(session: CliSession, folder: string): Promise<GpuRuntimeInfo> {
  session.output.say('Checking and unpacking; this takes some minutes.');
  return session.call('app.installGpuRuntime', { folder });
}

/** `chosen`: undefined for the index that this computer is set up for, `null` where no download is wanted. Resolves with `null` when it is given up. */
async function fetchIt(session: CliSession, chosen: string | undefined | null): Promise<GpuRuntimeInfo | null> {
  const { proposedIndex } = await session.call('app.gpuRuntime', {});
  const index = chosen ?? proposedIndex;
  if (chosen === null) throw refused('give --from FOLDER, or --download');
  if (index === null) throw refused('--download: say --index URL, the address of a package index (pip calls it index-url)');
  session.output.say('Downloading 2.5 GB, then checking and unpacking.');
  const telling = setInterval(() => void tell(session), TELL_MS);
  let isGivenUp = false;
  const release = session.interrupt.guard(() => {
    isGivenUp = true;
    void session.call('app.stopGpuDownload', {});
  });
  try {
    const info = await session.call('app.downloadGpuRuntime', { index });
    if (!isGivenUp) return info;
    session.output.say('Given up. What came is kept: the same command goes on with it.');
    return null;
  } finally {
    clearInterval(telling);
    release();
  }
}

async function tell(session: CliSession): Promise<void> {
  const { fetching } = await session.call('app.gpuRuntime', {});
  if (fetching) session.output.note(`  ${gigabytes(fetching.receivedBytes)}${fetching.totalBytes === null ? '' : ` of ${gigabytes(fetching.totalBytes)}`}`);
}

const refused = (issue: string): AppException => new AppException({ code: 'contract/bad-input', issues: [issue] });

async function remove(session: CliSession): Promise<CommandEnd> {
  const info = await session.call('app.removeGpuRuntime', {});
  for (const line of describe(info)) session.output.say(line);
  return { exitCode: exitCodes.ok, value: info };
}

function describe({ title, platform, state, reason, hasGpu, isUsed }: GpuRuntimeInfo): string[] {
  const about = {
    absent: 'not installed',
    ready: isUsed ? 'installed, used from the next job on' : 'installed, not used',
    unusable: 'installed, but it does not run here',
  };
  const why = !hasGpu
    ? "No driver of an NVIDIA card was found: the processor's runtime is used."
    : state === 'ready' && !isUsed
      ? 'The settings of this computer ask for the processor.'
      : null;
  return [`${title} (${platform}): ${about[state]}`, ...(reason === null ? [] : [`  ${reason}`]), ...(why === null ? [] : [why])];
}
