/** docs/cli.md: every command with its arguments and options, from the tables that read the command line. */
import type { Command } from 'commander';
import { createCommandLine } from '../../main/cli/commandLine.ts';
import { exitCodesHelp } from '../../main/cli/exitCodes.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function defaultText(value: unknown, description: string | undefined): string {
  if (value === undefined || value === false) return '';
  return ` (default: ${description ?? (Array.isArray(value) ? value.join(', ') : String(value))})`;
}

function section(command: Command, path: string): string {
  const words = command.registeredArguments.map(
    (argument) => `${argument.required ? '<' : '['}${argument.name()}${argument.variadic ? '…' : ''}${argument.required ? '>' : ']'}`,
  );
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map((option) => {
      const choices = option.argChoices && !option.description.includes(option.argChoices[0]!) ? ` (${option.argChoices.join(', ')})` : '';
      const text = `${option.description}${choices}${option.mandatory ? ' (must be given)' : ''}${defaultText(option.defaultValue, option.defaultValueDescription)}`;
      return `| \`${cell(option.flags)}\` | ${cell(text)} |`;
    });
  return [
    `## \`${[path, ...words].join(' ')}\``,
    command.description(),
    ...(command.registeredArguments.length > 0
      ? [command.registeredArguments.map((argument) => `- \`${argument.name()}\`: ${argument.description}`).join('\n')]
      : []),
    ...(options.length > 0 ? [['| option | |', '|---|---|', ...options].join('\n')] : []),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

function sections(command: Command, path: string): string[] {
  const below = command.commands.flatMap((inner) => sections(inner, `${path} ${inner.name()}`));
  return command.commands.length > 0 ? below : [section(command, path)];
}

export function cliDocument(): string {
  const root = createCommandLine({ version: '', computeScript: '', rendererFolder: '' });
  return `# Command line

**Made by \`test/documents/documents.test.ts\`** from the option tables; do not edit (\`MASKLOOP_UPDATE_DOCS=1 npx vitest run test/documents\` makes it anew).
\`npx maskloop COMMAND --help\` says the same with examples. With \`--json\`, each line on standard output is one JSON object.

\`\`\`
${exitCodesHelp.trim()}
\`\`\`

${sections(root, 'maskloop').join('\n\n')}
`;
}
