import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { createForkComputeHost } from '../host/forkComputeHost.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, positiveInteger, positiveNumber } from './commonOptions.ts';
import { walkLoop, type LoopReport } from './demoLoop.ts';
import { dealStudies, findLabelledStudies, stageStudies, writePhantoms } from './demoStudies.ts';
import { formatDuration } from './duration.ts';
import { exitCodes } from './exitCodes.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';
import { formatTable } from './textTable.ts';

interface DemoOptions extends CommandOptions {
  readonly data?: string;
  readonly output?: string;
  readonly minutes: number;
  readonly cases: number;
}

export function addDemoCommand(root: Command, program: ProgramPaths): void {
  root
    .command('demo')
    .description('Walk the loop once without a window: import, train, predict, correct, retrain, export.')
    .addOption(new Option('--data <folder>', 'NIfTI images with masks (default: phantoms made by formula)'))
    .addOption(new Option('--output <folder>', 'where project and masks go (default: a new temporary folder)'))
    .addOption(new Option('--minutes <n>', 'training time of each of the two models').argParser(positiveNumber).default(1.5))
    .addOption(new Option('--cases <n>', 'studies used: half to train, a quarter to correct, a quarter to measure').argParser(studyCount).default(20))
    .addOption(jsonOption())
    .addHelpText('after', examples('demo', 'demo --data ~/Task04_Hippocampus --minutes 3'))
    .action((options: DemoOptions) => runCommand('demo', program, options, (session) => demo(session, options)));
}

/** Each of the three groups needs a study, and training needs two. */
function studyCount(text: string): number {
  const count = positiveInteger(text);
  if (count < 4) throw new InvalidArgumentError('at least 4 studies are needed.');
  return count;
}

async function demo(session: CliSession, options: DemoOptions): Promise<CommandEnd> {
  const startedAtMs = Date.now();
  const folder = options.output ? resolve(options.output) : await mkdtemp(join(tmpdir(), 'maskloop-demo-'));
  await mkdir(folder, { recursive: true });
  session.output.note(`Working in ${folder}`);
  const dataFolder = options.data ? resolve(options.data) : join(folder, 'phantoms');
  if (!options.data) await writePhantoms(createForkComputeHost(session.program.computeScript), dataFolder, options.cases);
  const studies = dealStudies(await findLabelledStudies(dataFolder), options.cases);
  const firstFolder = join(folder, 'labelled');
  const newFolder = join(folder, 'unlabelled');
  await stageStudies(studies.known, dataFolder, firstFolder, true);
  await stageStudies([...studies.corrected, ...studies.heldOut], dataFolder, newFolder, false);
  const paths = { project: join(folder, 'project'), first: firstFolder, fresh: newFolder, masks: join(folder, 'masks') };
  const report = await walkLoop(session, studies, paths, options.minutes);
  if (!report) return { exitCode: exitCodes.cancelled, value: { folder } };
  const seconds = (Date.now() - startedAtMs) / 1000;
  for (const line of describeReport(report)) session.output.say(line);
  session.output.say('');
  session.output.say(`Project: ${paths.project}`);
  session.output.say(`Masks:   ${paths.masks} (${report.writtenFiles.length} files)`);
  session.output.say(`Took ${formatDuration(seconds)}. Look at it with: maskloop serve --project ${paths.project}`);
  return { exitCode: exitCodes.ok, value: { folder, ...paths, ...report, seconds } };
}

function describeReport({ before, after, correctedCount, heldOut }: LoopReport): string[] {
  const dice = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
  const change = (from: number | null, to: number | null): string => {
    if (from === null || to === null) return '-';
    return `${to >= from ? '+' : ''}${(to - from).toFixed(3)}`;
  };
  return [
    '',
    ...formatTable([
      ['Dice', 'first model', 'after correction', 'change'],
      ['cases trained on', String(before.trainCaseCount), String(after.trainCaseCount), `${correctedCount} corrected`],
      ['validation (own cases)', dice(before.validationDice), dice(after.validationDice), change(before.validationDice, after.validationDice)],
      [`held out (mean of ${heldOut.length})`, dice(before.heldOutDice), dice(after.heldOutDice), change(before.heldOutDice, after.heldOutDice)],
      ...heldOut.map((row) => [`  ${row.caseId}`, dice(row.before), dice(row.after), change(row.before, row.after)]),
    ]),
  ];
}
