import { Option, type Command } from 'commander';
import { Role } from '../contract/roles.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import { defaultStateFolder } from '../host/programPaths.ts';
import { MIN_PASSWORD_LENGTH, UserBook, UserName } from '../services/userBook.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { readPassword } from './readPassword.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';
import { formatTable } from './textTable.ts';

/** Taken from the environment where there is no terminal: a command line is readable by every user of the machine. */
const PASSWORD_VARIABLE = 'MASKLOOP_USER_PASSWORD';

interface AddOptions extends CommandOptions {
  readonly role: Role;
}

/** `user …`: who may sign in to `serve --shared`. */
export function addUserCommands(root: Command, program: ProgramPaths): void {
  const user = root
    .command('user')
    .description('Who may sign in to a workstation served to several people (serve --shared, serve --host).')
    .addHelpText('after', examples('user add ada --role reviewer', 'user list', 'user remove ada'));
  user
    .command('add')
    .description(`Add a user, or give one another role and password. Asks for the password, or takes ${PASSWORD_VARIABLE}.`)
    .argument('<name>', 'letters, digits and . _ @ -')
    .addOption(
      new Option('--role <role>', 'reader looks; annotator paints and predicts; reviewer accepts, trains and chooses models; admin does everything')
        .choices(Role.options)
        .default('annotator'),
    )
    .addOption(jsonOption())
    .action((name: string, options: AddOptions) => runCommand('user add', program, options, (session) => addUser(session, name, options.role)));
  user
    .command('list')
    .description('Names and roles.')
    .addOption(jsonOption())
    .action((options: CommandOptions) => runCommand('user list', program, options, listUsers));
  user
    .command('remove')
    .description('Remove a user, who is signed out at once.')
    .argument('<name>')
    .addOption(jsonOption())
    .action((name: string, options: CommandOptions) => runCommand('user remove', program, options, (session) => removeUser(session, name)));
}

const book = () => new UserBook(defaultStateFolder());

async function addUser({ output }: CliSession, given: string, role: Role): Promise<CommandEnd> {
  const name = UserName.safeParse(given.normalize('NFC'));
  if (!name.success) return refuse(output, `'${given}': ${name.error.issues[0]?.message ?? 'not a name'}.`);
  const password = process.env[PASSWORD_VARIABLE] ?? (await readPassword(`Password for ${name.data} (at least ${MIN_PASSWORD_LENGTH} characters): `));
  if (password === null) return refuse(output, `There is no terminal to ask for a password: set ${PASSWORD_VARIABLE}.`);
  if ([...password].length < MIN_PASSWORD_LENGTH) return refuse(output, `The password has fewer than ${MIN_PASSWORD_LENGTH} characters.`);
  await book().save(name.data, role, password);
  output.say(`${name.data} may sign in as ${role}.`);
  return { exitCode: exitCodes.ok, value: { name: name.data, role } };
}

async function listUsers({ output }: CliSession): Promise<CommandEnd> {
  const users = await book().list();
  if (users.length === 0) output.say('No users yet: maskloop user add NAME --role admin');
  else formatTable([['name', 'role'], ...users.map(({ name, role }) => [name, role])]).forEach((line) => output.say(line));
  return { exitCode: exitCodes.ok, value: { users } };
}

async function removeUser({ output }: CliSession, name: string): Promise<CommandEnd> {
  if (!(await book().remove(name))) return refuse(output, `There is no user ${name}.`);
  output.say(`${name} is removed.`);
  return { exitCode: exitCodes.ok, value: { name } };
}

function refuse(output: CliSession['output'], reason: string): CommandEnd {
  output.note(reason);
  return { exitCode: exitCodes.failed, value: { reason } };
}
