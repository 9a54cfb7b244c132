import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { AppException } from '../contract/errors.ts';
import { EXPORT_FORMATS, OfferedFormat } from '../contract/exportFormats.ts';
import { ExportSummary } from '../contract/tasks.ts';
import { CaseId, type Segment } from '../contract/vocabulary.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, positiveInteger, projectOption } from './commonOptions.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';

interface ExportOptions extends CommandOptions {
  readonly project: string;
  readonly format: OfferedFormat;
  readonly output: string;
  readonly case?: string[];
  readonly mask?: string[];
  readonly segments?: string[];
  readonly includeUnaccepted?: boolean;
  readonly deidentify?: boolean;
  readonly datasetId?: number;
  readonly datasetName?: string;
}

export function addExportCommand(root: Command, program: ProgramPaths): void {
  root
    .command('export')
    .description('Write the accepted masks as files, in the geometry of the images you imported.')
    .addOption(projectOption())
    .addOption(new Option('--format <name>', 'file format').choices(OfferedFormat.options).default('nifti'))
    .addOption(new Option('--output <folder>', 'where the files go').makeOptionMandatory())
    .addOption(new Option('--case <id...>', 'only these cases'))
    .addOption(new Option('--mask <name...>', 'masks of these names, which the file names then say (default: the one of each case that trainings learn from)'))
    .addOption(new Option('--segments <name...>', 'only these segments, by name or label value'))
    .addOption(new Option('--include-unaccepted', 'also the latest mask of cases that nobody accepted yet'))
    .addOption(new Option('--deidentify', 'DICOM formats: take out who the patient is (basic profile of PS3.15 annex E); file names still are the case ids'))
    .addOption(new Option('--dataset-id <n>', 'nnunet-raw: its number, 1 to 999 (default: the first from 500 that is free)').argParser(positiveInteger))
    .addOption(new Option('--dataset-name <name>', 'nnunet-raw: its name (default: that of the project)'))
    .addOption(jsonOption())
    .addHelpText('after', `\nFormats:\n${formatLines()}`)
    .addHelpText(
      'after',
      examples(
        'export --project ~/liver --format nifti --output ~/masks',
        'export --project ~/liver --format dicom-seg --output ~/to-pacs --case patient_07',
        'export --project ~/liver --format nifti --mask Main "Reader B" --output ~/readers',
        'export --project ~/liver --format stl --segments liver tumour --output ~/print',
        'export --project ~/liver --format nnunet-raw --output "$nnUNet_raw" --dataset-id 7',
      ),
    )
    .action((options: ExportOptions) => runCommand('export', program, options, (session) => exportMasks(session, options)));
}

function formatLines(): string {
  return OfferedFormat.options.map((name) => `  ${name.padEnd(20)} ${EXPORT_FORMATS[name].explanation}`).join('\n');
}

async function exportMasks(session: CliSession, options: ExportOptions): Promise<CommandEnd> {
  const { legend } = await session.call('project.open', { folder: resolve(options.project) });
  const outputFolder = resolve(options.output);
  const { format, includeUnaccepted, deidentify, datasetId, datasetName: name } = options;
  const caseIds = options.case?.map((id) => CaseId.parse(id));
  const labelValues = options.segments?.map((wanted) => labelValueOf(wanted, legend));
  refuseMixture(options);
  const end = await followJob(session, () =>
    format === 'nnunet-raw'
      ? session.call('export.dataset', { outputFolder, caseIds, includeUnaccepted, datasetId, name })
      : session.call('export.start', { format, outputFolder, caseIds, includeUnaccepted, maskNames: options.mask, labelValues, deidentify }),
  );
  const summary = ExportSummary.safeParse(end.summary);
  for (const file of summary.success ? [...summary.data.files, summary.data.reportFile] : [outputFolder]) session.output.say(file);
  return { exitCode: exitCodeOf(end), value: { ...end.summary, outputFolder, problems: end.problems } };
}

/** Throws AppException contract/bad-input for options of the other kind of export. */
function refuseMixture({ format, mask, segments, deidentify, datasetId, datasetName }: ExportOptions): void {
  const given =
    format === 'nnunet-raw'
      ? { '--mask': mask, '--segments': segments, '--deidentify': deidentify }
      : { '--dataset-id': datasetId, '--dataset-name': datasetName };
  const issues = Object.entries(given).flatMap(([option, value]) => (value === undefined ? [] : [`${option} does not go with --format ${format}`]));
  if (issues.length > 0) throw new AppException({ code: 'contract/bad-input', issues });
}

/** By name first: a segment may be called `1`. Throws AppException contract/bad-input. */
function labelValueOf(text: string, legend: readonly Segment[]): number {
  const named = legend.find(({ name }) => name.toLowerCase() === text.toLowerCase());
  const found = named ?? legend.find(({ labelValue }) => String(labelValue) === text);
  if (found) return found.labelValue;
  const issues = [`--segments: there is no segment '${text}'; the project has ${legend.map(({ name }) => name).join(', ')}`];
  throw new AppException({ code: 'contract/bad-input', issues });
}
