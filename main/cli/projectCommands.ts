import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { copyProject } from '../dataset/encryption/copyProject.ts';
import { unlock, writeKeyFile } from '../dataset/encryption/keyFile.ts';
import { ProjectFolder } from '../dataset/projectFolder.ts';
import { openProject, type ProjectStore } from '../dataset/projectStore.ts';
import { AppException } from '../contract/errors.ts';
import { currentUserName } from '../host/currentUserName.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { NEW_PASSPHRASE_FILE, newPassphrase, PASSPHRASE_FILE, withPassphrase } from './passphrase.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';

interface CreateOptions extends CommandOptions {
  readonly name?: string;
  readonly encrypt?: boolean;
}
interface CopyOptions extends CommandOptions {
  readonly into: string;
}

const WHERE_FROM = `Asked for in the terminal, or the first line of the file that ${PASSPHRASE_FILE} names (- for standard input).`;

/** `project …`: making one, and its encryption. */
export function addProjectCommands(root: Command, program: ProgramPaths): void {
  const project = root.command('project').description('Make a project; encrypt it, decrypt it, change its passphrase.');
  project
    .command('create')
    .description('Make an empty project in a folder (import makes one too, without a passphrase).')
    .argument('<dir>')
    .addOption(new Option('--name <name>', 'what it is called (default: the name of the folder)'))
    .option('--encrypt', `with a passphrase; whoever loses it has lost the project. ${WHERE_FROM}`)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('project create ~/liver', 'project create ~/liver --encrypt', `${PASSPHRASE_FILE}=secret.txt maskloop project create ~/liver --encrypt`),
    )
    .action((dir: string, options: CreateOptions) => runCommand('project create', program, options, (session) => create(session, resolve(dir), options)));
  project
    .command('passphrase')
    .description(
      `Give an encrypted project another passphrase. The old one: ${WHERE_FROM} The new one: the same with ${NEW_PASSPHRASE_FILE}. Copies of encryption.json from before still open with the old one.`,
    )
    .argument('<dir>')
    .addOption(jsonOption())
    .addHelpText('after', examples('project passphrase ~/liver'))
    .action((dir: string, options: CommandOptions) => runCommand('project passphrase', program, options, (session) => change(session, resolve(dir))));
  project
    .command('encrypt')
    .description(`Make an encrypted copy of a project. The original stays as it is; delete it when you have seen that the copy opens. ${WHERE_FROM}`)
    .argument('<dir>')
    .addOption(new Option('--into <dir>', 'folder of the copy, empty or not there yet').makeOptionMandatory())
    .addOption(jsonOption())
    .addHelpText('after', examples('project encrypt ~/liver --into ~/liver-encrypted'))
    .action((dir: string, options: CopyOptions) => runCommand('project encrypt', program, options, (session) => copy(session, resolve(dir), options, true)));
  project
    .command('decrypt')
    .description(`Make a copy of an encrypted project that everybody can read. ${WHERE_FROM}`)
    .argument('<dir>')
    .addOption(new Option('--into <dir>', 'folder of the copy, empty or not there yet').makeOptionMandatory())
    .addOption(jsonOption())
    .addHelpText('after', examples('project decrypt ~/liver-encrypted --into ~/liver'))
    .action((dir: string, options: CopyOptions) => runCommand('project decrypt', program, options, (session) => copy(session, resolve(dir), options, false)));
}

async function create(session: CliSession, folder: string, { name, encrypt = false }: CreateOptions): Promise<CommandEnd> {
  const passphrase = encrypt ? await newPassphrase(PASSPHRASE_FILE) : undefined;
  const project = await session.call('project.create', { folder, ...(name !== undefined && { name }), ...(passphrase !== undefined && { passphrase }) });
  session.output.say(
    `${project.folder}: ${encrypt ? 'an encrypted project. Keep a copy of its encryption.json with your backups, and the passphrase elsewhere.' : 'a project.'}`,
  );
  return { exitCode: exitCodes.ok, value: { folder: project.folder, isEncrypted: project.isEncrypted } };
}

/** As its only writer, with every file where it is. */
const openAlone = (folder: string): Promise<{ store: ProjectStore; passphrase: string | undefined }> =>
  withPassphrase(async (passphrase) => ({
    store: await openProject(folder, Date.now(), { userName: currentUserName(), takeOver: false }, true, passphrase),
    passphrase,
  }));

async function change({ output }: CliSession, dir: string): Promise<CommandEnd> {
  const { store, passphrase } = await openAlone(dir);
  try {
    const folder = new ProjectFolder(dir);
    const projectKey = await unlock(folder, passphrase);
    if (!projectKey) throw new AppException({ code: 'contract/bad-input', issues: [`${dir} is not encrypted; see maskloop project encrypt`] });
    const fresh = await newPassphrase(NEW_PASSPHRASE_FILE);
    // on record before it is done, as an export is
    store.audit.append({ actor: currentUserName(), action: 'passphrase', facts: { passphrase: 'changed' } });
    await writeKeyFile(folder, projectKey, fresh);
    output.say(`${dir} opens with the new passphrase. Copies of encryption.json that you keep elsewhere still open with the old one.`);
    return { exitCode: exitCodes.ok, value: { folder: dir } };
  } finally {
    store.close();
  }
}

async function copy({ output }: CliSession, dir: string, { into }: CopyOptions, isEncrypting: boolean): Promise<CommandEnd> {
  const { store } = await openAlone(dir);
  try {
    if (store.isEncrypted === isEncrypting)
      throw new AppException({ code: 'contract/bad-input', issues: [`${dir} is ${isEncrypting ? 'encrypted already' : 'not encrypted'}`] });
    const passphrase = isEncrypting ? await newPassphrase(PASSPHRASE_FILE) : undefined;
    const made = await copyProject(
      store,
      resolve(into),
      passphrase,
      (count) => {
        if (count % 200 === 0) output.note(`${count} files`);
      },
      currentUserName(),
    );
    output.say(`${made.folder}: ${made.fileCount} files, checked. ${dir} is as it was.`);
    for (const path of made.leftOut) output.say(`Not copied: ${path}`);
    return { exitCode: exitCodes.ok, value: { ...made } };
  } finally {
    store.close();
  }
}
