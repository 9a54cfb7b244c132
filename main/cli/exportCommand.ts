import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { CaseId } from '../contract/vocabulary.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, projectOption } from './commonOptions.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';

interface ExportOptions extends CommandOptions {
  readonly project: string;
  readonly format: 'nifti';
  readonly output: string;
  readonly case?: string[];
  readonly includeUnaccepted?: boolean;
}

export function addExportCommand(root: Command, program: ProgramPaths): void {
  root
    .command('export')
    .description('Write the accepted masks as files, in the geometry of the images you imported.')
    .addOption(projectOption())
    .addOption(new Option('--format <name>', 'file format').choices(['nifti']).default('nifti'))
    .addOption(new Option('--output <folder>', 'where the files go').makeOptionMandatory())
    .addOption(new Option('--case <id...>', 'only these cases'))
    .addOption(new Option('--include-unaccepted', 'also the latest mask of cases that nobody accepted yet'))
    .addOption(jsonOption())
    .addHelpText('after', examples('export --project ~/liver --format nifti --output ~/masks'))
    .action((options: ExportOptions) =>
      runCommand('export', program, options, (session) => exportMasks(session, options)),
    );
}

async function exportMasks(session: CliSession, options: ExportOptions): Promise<CommandEnd> {
  await session.call('project.open', { folder: resolve(options.project) });
  const outputFolder = resolve(options.output);
  const caseIds = options.case?.map((id) => CaseId.parse(id));
  const end = await followJob(session, () =>
    session.call('export.start', {
      format: options.format,
      outputFolder,
      caseIds,
      includeUnaccepted: options.includeUnaccepted,
    }),
  );
  const files = z.object({ files: z.array(z.string()) }).safeParse(end.summary);
  for (const file of files.success ? files.data.files : [outputFolder]) session.output.say(file);
  return { exitCode: exitCodeOf(end), value: { ...end.summary, outputFolder, problems: end.problems } };
}
