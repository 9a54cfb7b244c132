import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ProgramPaths } from '../host/programPaths.ts';
import { startHttpHost, type HttpHost } from '../host/httpHost.ts';
import type { CliSession } from './cliSession.ts';
import { examples, wholeNumber } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { openOrCreateProject } from './importCommand.ts';
import { runCommand, type CommandEnd } from './runCommand.ts';

interface ServeOptions {
  readonly project?: string;
  readonly port: number;
}

export function addServeCommand(root: Command, program: ProgramPaths): void {
  root
    .command('serve')
    .description('Serve the workstation to a browser on this machine (and to no other machine).')
    .addOption(new Option('--project <dir>', 'project to open at the start').env('MASKLOOP_PROJECT'))
    .addOption(new Option('--port <n>', 'port on 127.0.0.1').argParser(portNumber).default(0, 'any free one'))
    .addHelpText('after', examples('serve', 'serve --project ~/liver --port 8080'))
    .action((options: ServeOptions) =>
      runCommand('serve', program, {}, (session) => serve(session, options), 'browser'),
    );
}

async function serve(session: CliSession, { project, port }: ServeOptions): Promise<CommandEnd> {
  if (project !== undefined) await openOrCreateProject(session, resolve(project));
  const host = await startHttpHost({
    services: session.services,
    rendererFolder: session.program.rendererFolder,
    port,
    onProblem: (problem) => session.output.note(`A request failed: ${String(problem)}`),
  });
  try {
    session.output.say(`Maskloop is at ${host.newLink()}`);
    session.output.note('The link lets one browser in, once. Ctrl+C ends Maskloop.');
    const stopOffering = offerNewLinks(session, host);
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

/** Enter in the terminal prints a fresh link, for another browser or after a mishap. */
function offerNewLinks({ output }: CliSession, host: HttpHost): () => void {
  if (!process.stdin.isTTY) return () => undefined;
  output.note('Press Enter for a new link.');
  const onLine = (): void => output.say(`Maskloop is at ${host.newLink()}`);
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
