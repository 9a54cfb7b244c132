/** Entry of the command line. Only this file knows where the bundle lies. */
import { CommanderError } from 'commander';
import { locateProgram } from '../host/programPaths.ts';
import { createCommandLine } from './commandLine.ts';
import { exitCodes } from './exitCodes.ts';

// `maskloop runs | head` closes our standard output early; the work goes on, only nobody reads.
process.stdout.on('error', (problem: NodeJS.ErrnoException) => {
  if (problem.code !== 'EPIPE') throw problem;
});

createCommandLine(locateProgram(__dirname))
  .parseAsync()
  .catch((thrown: unknown) => {
    if (!(thrown instanceof CommanderError)) throw thrown;
    // --help and --version arrive here as well, with exit code 0. Commander has printed already.
    process.exitCode = thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  });
