import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { DicomNode } from '../contract/dicomNetwork.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, positiveInteger, projectOption } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { openOrCreateProject } from './importCommand.ts';
import { addNodeFindCommand } from './nodeFindCommand.ts';
import { addNodeReceiveCommand } from './nodeReceiveCommand.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';
import { formatTable } from './textTable.ts';

interface AddOptions extends CommandOptions {
  readonly aet?: string;
  readonly host?: string;
  readonly port?: number;
  readonly tls?: boolean;
  readonly caFile?: string;
  readonly retrieveBy: 'get' | 'move';
  readonly url?: string;
  readonly user?: string;
  readonly auth?: 'basic' | 'bearer';
}
interface RetrieveOptions extends CommandOptions {
  readonly project: string;
  readonly series?: string[];
}

/** Taken from the environment: a command line is readable by every user of the machine. */
const SECRET_VARIABLE = 'MASKLOOP_NODE_SECRET';

/** `node …`: the DICOM network. Nothing connects or listens before one of these is used. */
export function addNodeCommands(root: Command, program: ProgramPaths): void {
  const node = root.command('node').description('Talk to a PACS: DIMSE (echo, find, get, move, store) and DICOMweb. Off until a node is added.');
  addListing(node, program);
  addAdding(node, program);
  addNodeFindCommand(node, program);
  addRetrieving(node, program);
  addSending(node, program);
  addNodeReceiveCommand(node, program);
}

function addListing(node: Command, program: ProgramPaths): void {
  node
    .command('list')
    .description('The nodes you added, and how this workstation is known to them.')
    .addOption(jsonOption())
    .action((options: CommandOptions) => runCommand('node list', program, options, listNodes));
  node
    .command('remove')
    .description('Forget a node and its password.')
    .argument('<name>', 'its name in `node list`')
    .addOption(jsonOption())
    .action((name: string, options: CommandOptions) =>
      runCommand('node remove', program, options, async (session) => {
        await session.call('network.removeNode', { name });
        return { exitCode: exitCodes.ok, value: { name } };
      }),
    );
  node
    .command('echo')
    .description('Whether a node answers (C-ECHO; for DICOMweb a search for one study).')
    .argument('<name>', 'its name in `node list`')
    .addOption(jsonOption())
    .action((name: string, options: CommandOptions) =>
      runCommand('node echo', program, options, async (session) => {
        const answer = await session.call('network.echo', { node: name });
        session.output.say(`${name} answers after ${Math.round(answer.elapsedMs)} ms${answer.implementation && ` (${answer.implementation})`}.`);
        return { exitCode: exitCodes.ok, value: answer };
      }),
    );
}

function addAdding(node: Command, program: ProgramPaths): void {
  node
    .command('add')
    .description(`Add a node, or replace the one of this name. A password or token is read from the variable ${SECRET_VARIABLE}.`)
    .argument('<name>', 'what you call it')
    .addOption(new Option('--aet <title>', 'its AE title (DIMSE)'))
    .addOption(new Option('--host <name>', 'its computer (DIMSE)'))
    .addOption(new Option('--port <number>', 'its port (DIMSE)').argParser(positiveInteger))
    .addOption(new Option('--tls', 'encrypted (DIMSE)'))
    .addOption(new Option('--retrieve-by <way>', 'how studies come from it').choices(['get', 'move']).default('get'))
    .addOption(new Option('--url <url>', 'its DICOMweb root, instead of the four above'))
    .addOption(new Option('--auth <way>', 'how it knows you (DICOMweb)').choices(['basic', 'bearer']))
    .addOption(new Option('--user <name>', 'user name for basic'))
    .addOption(new Option('--ca-file <file>', 'PEM file of the authority that signed its certificate'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'node add pacs --aet PACS1 --host pacs.hospital.lan --port 104',
        `node add archive --url https://archive.hospital.lan/dicom-web --auth basic --user reader   # password in ${SECRET_VARIABLE}`,
      ),
    )
    .action((name: string, options: AddOptions) => runCommand('node add', program, options, (session) => addNode(session, name, options)));
}

async function addNode(session: CliSession, name: string, options: AddOptions): Promise<CommandEnd> {
  const { aet: aeTitle, host, port, tls, caFile, retrieveBy, url, user, auth } = options;
  const node = url
    ? { kind: 'web', name, url, caFile: caFile && resolve(caFile), authentication: auth ?? 'none', user }
    : { kind: 'dimse', name, aeTitle, host, port, tls: tls ?? false, caFile: caFile && resolve(caFile), retrieveBy };
  // The services check it and say what is wrong.
  await session.call('network.saveNode', { node: node as DicomNode, secret: process.env[SECRET_VARIABLE] });
  return { exitCode: exitCodes.ok, value: { node } };
}

async function listNodes(session: CliSession): Promise<CommandEnd> {
  const { nodes, station } = await session.call('network.listNodes', {});
  const rows = nodes.map(({ node }) => [
    node.name,
    node.kind === 'web' ? 'DICOMweb' : `DIMSE${node.tls ? ' TLS' : ''}`,
    node.kind === 'web' ? node.url : `${node.aeTitle} ${node.host}:${node.port} (${node.retrieveBy})`,
  ]);
  if (rows.length === 0) session.output.say('No nodes yet: nothing connects to the network. See `maskloop node add --help`.');
  else formatTable([['name', 'kind', 'address'], ...rows]).forEach((line) => session.output.say(line));
  session.output.say(`This workstation is ${station.aeTitle}; its receiver would listen on port ${station.port}.`);
  return { exitCode: exitCodes.ok, value: { nodes, station } };
}

function addRetrieving(node: Command, program: ProgramPaths): void {
  const about = { get: 'C-GET, or WADO-RS from a DICOMweb node', move: 'C-MOVE; the node must know this AE title, address and port' };
  for (const by of ['get', 'move'] as const) {
    node
      .command(by)
      .description(`Retrieve studies into a project and import them (${about[by]}). What was fetched before is not fetched again.`)
      .argument('<name>', 'its name in `node list`')
      .argument('<study...>', 'study instance UIDs, as `node find` shows them')
      .addOption(projectOption())
      .addOption(new Option('--series <uid...>', 'only these series (of one study)'))
      .addOption(jsonOption())
      .addHelpText('after', examples(`node ${by} pacs 1.2.840.113619.2.30.1 --project ~/liver`))
      .action((name: string, studies: string[], options: RetrieveOptions) =>
        runCommand(`node ${by}`, program, options, (session) => retrieve(session, name, studies, by, options)),
      );
  }
}

async function retrieve(session: CliSession, name: string, studies: readonly string[], by: 'get' | 'move', options: RetrieveOptions): Promise<CommandEnd> {
  await openOrCreateProject(session, resolve(options.project));
  const wanted = studies.map((studyUid) => ({ studyUid, seriesUids: options.series }));
  const end = await followJob(session, () => session.call('network.retrieve', { node: name, studies: wanted, by }));
  const { cases } = await session.call('dataset.listCases', {});
  session.output.say(
    `${String(end.summary.receivedCount ?? 0)} objects received, ${String(end.summary.presentCount ?? 0)} were there; ${cases.length} cases in the project.`,
  );
  return { exitCode: exitCodeOf(end), value: { ...end.summary, caseCount: cases.length, problems: end.problems } };
}

function addSending(node: Command, program: ProgramPaths): void {
  node
    .command('send')
    .description('Send DICOM files as they are (C-STORE, or STOW-RS to a DICOMweb node).')
    .argument('<name>', 'its name in `node list`')
    .argument('<path...>', 'files or folders')
    .addOption(jsonOption())
    .addHelpText('after', examples('node send pacs ~/masks/seg'))
    .action((name: string, paths: string[], options: CommandOptions) =>
      runCommand('node send', program, options, async (session) => {
        const end = await followJob(session, () => session.call('network.send', { node: name, paths: paths.map((path) => resolve(path)) }));
        session.output.say(`${String(end.summary.sentCount ?? 0)} files sent to ${name}.`);
        return { exitCode: exitCodeOf(end), value: { ...end.summary, problems: end.problems } };
      }),
    );
}
