import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { CallOutput } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import { OverlapRule, PetValues } from '../contract/vocabulary.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, projectOption } from './commonOptions.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';

interface ImportOptions extends CommandOptions {
  readonly project: string;
  readonly subjects?: string;
  readonly overlaps: OverlapRule;
  readonly pet: PetValues;
}

export function addImportCommand(root: Command, program: ProgramPaths): void {
  root
    .command('import')
    .description('Bring images (and masks, where there are some) into a project; creates the project if there is none.')
    .argument('<folder...>', 'folders, zip archives or files: DICOM (with SEG and RTSTRUCT), NIfTI, NRRD, MetaImage, the imagesTr/labelsTr layout')
    .addOption(projectOption())
    .addOption(new Option('--subjects <file>', 'which cases show the same person: lines case,subject (default: subjects.csv beside the images)'))
    .addOption(
      new Option(
        '--overlaps <rule>',
        'segments of one file that share voxels: later over earlier, a label of its own for what they share, or leave the file out',
      )
        .choices(OverlapRule.options)
        .default('order'),
    )
    .addOption(new Option('--pet <values>', 'PET as SUV by body weight, where the headers allow it, or as stored').choices(PetValues.options).default('suv'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'import --project ~/liver ~/scans/liver',
        'import --project ~/liver study1.nii.gz ~/dicom/study2',
        'import --project ~/liver /media/cd/DICOMDIR export.zip   # the same folder again: only what is new',
        'import --project ~/liver rtstruct.dcm --overlaps keep   # for a case that is there: a further revision',
        'import --project ~/knees ~/knees --subjects pairs.csv   # left and right of one person stay together',
      ),
    )
    .action((folders: string[], options: ImportOptions) => runCommand('import', program, options, (session) => importFolders(session, options, folders)));
}

async function importFolders(
  session: CliSession,
  { project: projectFolder, subjects, overlaps, pet }: ImportOptions,
  folders: readonly string[],
): Promise<CommandEnd> {
  const project = await openOrCreateProject(session, resolve(projectFolder));
  const end = await followJob(session, () =>
    session.call('dataset.import', { paths: folders.map((folder) => resolve(folder)), subjectsFile: subjects && resolve(subjects), overlaps, pet }),
  );
  const { cases } = await session.call('dataset.listCases', {});
  const labelledCount = cases.filter(({ acceptedRevision }) => acceptedRevision !== null).length;
  session.output.say(`${project.folder}: ${cases.length} cases, ${labelledCount} with an accepted mask (${cases.length - project.caseCount} new).`);
  return { exitCode: exitCodeOf(end), value: { ...end.summary, caseCount: cases.length, labelledCount, problems: end.problems } };
}

/** Opens the project in `folder`, or makes one there. */
export async function openOrCreateProject(session: CliSession, folder: string): Promise<CallOutput<'project.open'>> {
  try {
    return await session.call('project.open', { folder });
  } catch (thrown) {
    const isAbsent = thrown instanceof AppException && ['project/not-a-project', 'project/folder-missing'].includes(thrown.error.code);
    if (!isAbsent) throw thrown;
    return session.call('project.create', { folder });
  }
}
