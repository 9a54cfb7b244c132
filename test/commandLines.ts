/** Command lines that documents quote. */
import type { Command } from 'commander';

/** What is wrong with a line (without the name of the program): no such command, options or choices. `null`: nothing. */
export function problemOfCommand(program: Command, line: string): string | null {
  const words = line.split(' ');
  let command: Command | undefined = program;
  while (command && command.commands.length > 0) {
    const name = words.shift();
    command = command.commands.find((one) => one.name() === name);
  }
  if (!command) return `no command: ${line}`;
  const flags = new Set(command.options.map(({ long }) => long));
  const unknown = words.filter((word) => word.startsWith('--') && !flags.has(word));
  if (unknown.length > 0) return `no option ${unknown.join(', ')}: ${line}`;
  for (const { long, argChoices } of command.options) {
    const value = words[words.indexOf(long ?? '') + 1];
    if (argChoices && words.includes(long ?? '') && !argChoices.includes(value ?? '')) return `${long} takes ${argChoices.join(', ')}: ${line}`;
  }
  return null;
}
