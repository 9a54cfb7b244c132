import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { describeError } from '../contract/describeError.ts';
import type { OwnStation } from '../contract/dicomNetwork.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, positiveInteger, projectOption } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { openOrCreateProject } from './importCommand.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';

interface ReceiveOptions extends CommandOptions {
  readonly project: string;
  readonly aet?: string;
  readonly port?: number;
  readonly listenOn?: OwnStation['listenOn'];
  readonly allow?: string[];
}

const LOOK_MS = 200;

export function addNodeReceiveCommand(node: Command, program: ProgramPaths): void {
  node
    .command('receive')
    .description('Receive studies (C-STORE) into a project until Ctrl+C; each is imported once nothing more comes for it.')
    .addOption(projectOption())
    .addOption(new Option('--aet <title>', 'our AE title (default: the last one, at first MASKLOOP)'))
    .addOption(new Option('--port <number>', 'our port (default: the last one, at first 11112)').argParser(positiveInteger))
    .addOption(
      new Option('--listen-on <where>', "'network' lets other computers send (default: the last one, at first this computer only)").choices([
        'localhost',
        'network',
      ]),
    )
    .addOption(new Option('--allow <title...>', 'only these AE titles may send'))
    .addOption(jsonOption())
    .addHelpText('after', examples('node receive --project ~/liver --aet MASKLOOP --port 11112 --listen-on network --allow PACS1'))
    .action((options: ReceiveOptions) => runCommand('node receive', program, options, (session) => receive(session, options)));
}

async function receive(session: CliSession, options: ReceiveOptions): Promise<CommandEnd> {
  await openOrCreateProject(session, resolve(options.project));
  const { station: before } = await session.call('network.listNodes', {});
  const station: OwnStation = {
    aeTitle: options.aet ?? before.aeTitle,
    port: options.port ?? before.port,
    listenOn: options.listenOn ?? before.listenOn,
    allowedAeTitles: options.allow ?? before.allowedAeTitles,
  };
  const state = { isStopping: false, receivedCount: 0, problemCount: 0 };
  const unsubscribe = session.services.subscribe((event) => {
    if (event.type === 'job') session.output.jobEvent(event.event);
    if (event.type !== 'receiver') return;
    state.receivedCount = event.status.receivedCount;
    if (!event.problem) return;
    state.problemCount++;
    session.output.note(`  ! ${describeError(event.problem)}`);
  });
  const release = session.interrupt.guard(() => {
    state.isStopping = true;
  });
  try {
    await session.call('network.startReceiver', { station });
    session.output.note(
      `${station.aeTitle} listens on ${station.listenOn === 'network' ? 'every address' : '127.0.0.1'}, port ${station.port}. Ctrl+C ends it.`,
    );
    while (!state.isStopping && (await session.call('network.status', {})).isRunning) await sleep(LOOK_MS);
    // Studies that are quiet already finish their import.
    while (await isBusy(session)) await sleep(LOOK_MS);
    await session.call('network.stopReceiver', {});
  } finally {
    release();
    unsubscribe();
  }
  const { cases } = await session.call('dataset.listCases', {});
  session.output.say(`${state.receivedCount} objects received; ${cases.length} cases in the project.`);
  return {
    exitCode: state.problemCount > 0 ? exitCodes.finishedWithProblems : exitCodes.ok,
    value: { receivedCount: state.receivedCount, caseCount: cases.length },
  };
}

async function isBusy(session: CliSession): Promise<boolean> {
  const { jobs } = await session.call('jobs.list', {});
  return jobs.some(({ endedAtMs }) => endedAtMs === undefined);
}
