import { CommanderError, type Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCommandLine } from './commandLine.ts';

const program = { version: '1.2.3', computeScript: '/none/compute.cjs', rendererFolder: '/none' };
let printed = '';
beforeEach(() => {
  printed = '';
  const capture = (text: string | Uint8Array): boolean => {
    printed += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(capture);
  vi.spyOn(process.stderr, 'write').mockImplementation(capture);
  vi.stubEnv('MASKLOOP_PROJECT', undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function refusalOf(...words: string[]): Promise<CommanderError> {
  const thrown: unknown = await createCommandLine(program)
    .parseAsync(words, { from: 'user' })
    .catch((problem: unknown) => problem);
  if (!(thrown instanceof CommanderError)) throw new Error(`accepted: ${words.join(' ')}`);
  return thrown;
}

const commands = (root: Command): string[] => root.commands.map((command) => command.name());

describe('the command line', () => {
  it('has the commands that scripts rely on', () => {
    expect(commands(createCommandLine(program))).toEqual(
      expect.arrayContaining(['import', 'plan', 'preprocess', 'train', 'predict', 'bench', 'evaluate', 'export', 'serve', 'runs', 'cases', 'doctor', 'demo']),
    );
  });

  it.each([
    ['no project', ['train']],
    ['too little replay', ['train', '--project', 'p', '--from', 'latest', '--replay', '0.1']],
    ['a setting and a start', ['train', '--project', 'p', '--from', 'latest', '--when-accepted', '3']],
    ['an order of the worklist that is none', ['cases', '--project', 'x', '--order', 'alphabetical']],
    ['no folder to import', ['import', '--project', 'x']],
    ['an unknown configuration', ['train', '--project', 'x', '--config', '4d']],
    ['a fold that is no number', ['train', '--project', 'x', '--fold', 'one']],
    ['a negative time', ['train', '--project', 'x', '--minutes', '-1']],
    ['half an epoch', ['train', '--project', 'x', '--epochs', '0.5']],
    ['an optimiser that is none', ['train', '--project', 'x', '--optimizer', 'lbfgs']],
    ['a switch that is neither true nor false', ['train', '--project', 'x', '--deep-supervision', 'maybe']],
    ['an average that never moves', ['train', '--project', 'x', '--ema', '1']],
    ['a warm-up that leaves nothing to measure', ['bench', 'train', '--project', 'x', '--warmup-steps', '5', '--bench-steps', '5']],
    ['a Decathlon task that is none', ['plan', '--project', 'x', '--task', '4']],
    ['a benchmark of something else', ['bench', 'export', '--project', 'x']],
    ['--from together with --resume', ['train', '--project', 'x', '--from', 'a', '--resume', 'b']],
    ['--input without --output', ['predict', '--project', 'x', '--input', 'y']],
    ['windows that never end', ['predict', '--project', 'x', '--overlap', '1']],
    ['an unknown blend', ['predict', '--project', 'x', '--blend', 'square']],
    ['probabilities without a place for them', ['predict', '--project', 'x', '--save-probabilities']],
    ['predictions without a truth', ['evaluate', '--predictions', 'x', '--output', 'y']],
    ['neither folders nor a project', ['evaluate', '--output', 'y']],
    ['an unknown format', ['export', '--project', 'x', '--output', 'y', '--format', 'jpeg']],
    ['a port beyond the last', ['serve', '--port', '70000']],
    ['an unknown command', ['fly']],
  ])('refuses %s before anything starts', async (_what, words) => {
    expect((await refusalOf(...words)).exitCode).not.toBe(0);
    expect(printed).toContain('error:');
  });

  it('--help and --version end with 0, and the help names the exit codes', async () => {
    expect((await refusalOf('--version')).exitCode).toBe(0);
    expect(printed).toContain('1.2.3');
    expect((await refusalOf('--help')).exitCode).toBe(0);
    expect(printed).toContain('130');
  });

  it('each help of a loop step shows how it is used', async () => {
    for (const command of ['import', 'plan', 'preprocess', 'train', 'predict', 'bench', 'export', 'serve', 'demo']) {
      printed = '';
      await refusalOf(command, '--help');
      expect(printed, command).toContain(`$ maskloop ${command}`);
    }
  });
});
