import { resolve } from 'node:path';

/** The project that `--project DIR` (or `--project=DIR`) or MASKLOOP_PROJECT names, as an absolute path. */
export function projectArgument(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  workingFolder: string,
): string | null {
  const at = argv.findIndex((argument) => argument === '--project' || argument.startsWith('--project='));
  const given =
    at < 0
      ? environment.MASKLOOP_PROJECT
      : argv[at]!.startsWith('--project=')
        ? argv[at]!.slice('--project='.length)
        : argv[at + 1];
  return given ? resolve(workingFolder, given) : null;
}
