import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DoorwayRefused, LOOPBACK, openDoorway, type Doorway } from '../host/doorway.ts';
import { defaultStateFolder, type ProgramPaths } from '../host/programPaths.ts';
import { startHttpHost, type HttpHost } from '../host/httpHost.ts';
import { UserBook } from '../services/userBook.ts';
import type { CliSession } from './cliSession.ts';
import { examples, wholeNumber } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { openOrCreateProject } from './importCommand.ts';
import { runCommand, type CommandEnd } from './runCommand.ts';

interface ServeOptions {
  readonly project?: string;
  readonly port: number;
  readonly host: string;
  readonly shared?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

export function addServeCommand(root: Command, program: ProgramPaths): void {
  root
    .command('serve')
    .description('Serve the workstation to a browser on this machine; with --shared or --host to people who sign in.')
    .addOption(new Option('--project <dir>', 'project to open at the start').env('MASKLOOP_PROJECT'))
    .addOption(new Option('--port <n>', 'port to listen on').argParser(portNumber).default(0, 'any free one'))
    .addOption(new Option('--host <address>', 'IP address of this machine to listen on; any but 127.0.0.1 takes TLS and users').default(LOOPBACK))
    .option('--shared', 'people sign in with name and password (maskloop user add)')
    .option('--tls-cert <file>', 'certificate with its chain (PEM); it says under which names Maskloop answers')
    .option('--tls-key <file>', 'its private key (PEM)')
    .addHelpText(
      'after',
      examples('serve', 'serve --project ~/liver --port 8080', 'serve --project ~/liver --host 0.0.0.0 --port 8443 --tls-cert cert.pem --tls-key key.pem'),
    )
    .action((options: ServeOptions) => runCommand('serve', program, {}, (session) => serve(session, options), 'browser'));
}

async function serve(session: CliSession, options: ServeOptions): Promise<CommandEnd> {
  const { project, port } = options;
  const users = new UserBook(defaultStateFolder());
  const doorway = await doorwayOf(session, options, users);
  if (!doorway) return { exitCode: exitCodes.failed, value: null };
  if (project !== undefined) await openOrCreateProject(session, resolve(project));
  const host = await startHttpHost({
    services: session.services,
    rendererFolder: session.program.rendererFolder,
    port,
    doorway,
    users,
    onProblem: (problem) => session.output.note(`A request failed: ${String(problem)}`),
  });
  try {
    const link = host.newLink();
    session.output.say(`Maskloop is at ${link ?? host.address}`);
    session.output.note(
      link ? 'The link lets one browser in, once. Ctrl+C ends Maskloop.' : 'People sign in with their name and password. Ctrl+C ends Maskloop.',
    );
    const stopOffering = link ? offerNewLinks(session, host) : () => undefined;
    await new Promise<void>((stop) => {
      session.interrupt.guard(() => {
        session.output.note('Closing; a running job saves what it must. Ctrl+C again leaves at once.');
        stop();
      });
    });
    stopOffering();
  } finally {
    await host.close();
  }
  return { exitCode: exitCodes.ok, value: null };
}

/** `null` when it would leave the door open; the reason is said. */
async function doorwayOf({ output }: CliSession, options: ServeOptions, users: UserBook): Promise<Doorway | null> {
  try {
    const userCount = (await users.list()).length;
    return await openDoorway({
      address: options.host,
      isShared: options.shared ?? false,
      userCount,
      certificateFile: options.tlsCert,
      keyFile: options.tlsKey,
    });
  } catch (thrown) {
    if (!(thrown instanceof DoorwayRefused)) throw thrown;
    output.note(thrown.message);
    return null;
  }
}

/** Enter in the terminal prints a fresh link, for another browser or after a mishap. */
function offerNewLinks({ output }: CliSession, host: HttpHost): () => void {
  if (!process.stdin.isTTY) return () => undefined;
  output.note('Press Enter for a new link.');
  const onLine = (): void => output.say(`Maskloop is at ${host.newLink() ?? host.address}`);
  process.stdin.on('data', onLine);
  return () => {
    process.stdin.removeListener('data', onLine);
    process.stdin.pause();
  };
}

function portNumber(text: string): number {
  const port = wholeNumber(text);
  if (port > 65535) throw new InvalidArgumentError('ports go up to 65535.');
  return port;
}
