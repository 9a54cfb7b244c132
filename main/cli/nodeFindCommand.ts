import { Option, type Command } from 'commander';
import type { DicomMatches } from '../contract/dicomNetwork.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import { examples, jsonOption, positiveInteger } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { runCommand, type CommandOptions } from './runCommand.ts';
import { formatTable } from './textTable.ts';

interface FindOptions extends CommandOptions {
  readonly level: 'patient' | 'study' | 'series';
  readonly patientId?: string;
  readonly patientName?: string;
  readonly accession?: string;
  readonly modality?: string;
  readonly from?: string;
  readonly to?: string;
  readonly study?: string;
  readonly limit: number;
}

export function addNodeFindCommand(node: Command, program: ProgramPaths): void {
  node
    .command('find')
    .description('Search a node (C-FIND, or QIDO-RS). Texts may hold the wildcards * and ?.')
    .argument('<name>', 'its name in `node list`')
    .addOption(new Option('--level <level>', 'what to list').choices(['patient', 'study', 'series']).default('study'))
    .addOption(new Option('--patient-id <id>'))
    .addOption(new Option('--patient-name <name>', 'as DOE^JANE'))
    .addOption(new Option('--accession <number>'))
    .addOption(new Option('--modality <code>', 'CT, MR, …'))
    .addOption(new Option('--from <day>', 'study date, YYYYMMDD'))
    .addOption(new Option('--to <day>', 'study date, YYYYMMDD'))
    .addOption(new Option('--study <uid>', 'the study whose series are listed'))
    .addOption(new Option('--limit <count>', 'at most so many').argParser(positiveInteger).default(200))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples("node find pacs --patient-name 'DOE*' --modality CT --from 20240101", 'node find pacs --level series --study 1.2.840.113619.2.30.1'),
    )
    .action((name: string, options: FindOptions) =>
      runCommand('node find', program, options, async (session) => {
        const { level, patientId, patientName, accession: accessionNumber, modality, from: studyDateFrom, to: studyDateTo, study: studyUid, limit } = options;
        const query = { level, patientId, patientName, accessionNumber, modality, studyDateFrom, studyDateTo, studyUid };
        const matches = await session.call('network.search', { node: name, query, limit });
        const rows = rowsOf(level, matches);
        if (rows.length === 1) session.output.say('Nothing matches.');
        else formatTable(rows).forEach((line) => session.output.say(line));
        if (!matches.isComplete) session.output.note(`There are more: narrow the search, or raise --limit.`);
        return { exitCode: exitCodes.ok, value: matches };
      }),
    );
}

function rowsOf(level: FindOptions['level'], { patients, studies, series }: DicomMatches): string[][] {
  const count = (value: number | null): string => (value === null ? '' : String(value));
  switch (level) {
    case 'patient':
      return [['patient', 'name', 'born', 'sex'], ...patients.map((one) => [one.patientId, one.patientName, one.birthDate, one.sex])];
    case 'study':
      return [
        ['study', 'date', 'patient', 'name', 'modalities', 'objects', 'description'],
        ...studies.map((one) => [
          one.studyUid,
          one.studyDate,
          one.patientId,
          one.patientName,
          one.modalities.join(' '),
          count(one.objectCount),
          one.description,
        ]),
      ];
    case 'series':
      return [
        ['series', 'number', 'modality', 'objects', 'description'],
        ...series.map((one) => [one.seriesUid, one.seriesNumber, one.modality, count(one.objectCount), one.description]),
      ];
  }
}
