import { resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { Completeness, GridAxis, whyIncomplete } from '../contract/completeness.ts';
import { AppException } from '../contract/errors.ts';
import { CaseId, type LabelValue, type Segment } from '../contract/vocabulary.ts';
import type { z } from 'zod';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, projectOption } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';

interface CompletenessOptions extends CommandOptions {
  readonly project: string;
  readonly case: readonly string[];
  readonly unpainted: Completeness['unpainted'];
  readonly completeSlices?: Completeness['completeSlices'];
  readonly known?: readonly string[];
}

export function addCompletenessCommand(root: Command, program: ProgramPaths): void {
  root
    .command('completeness')
    .description('Say what the unpainted voxels of masks mean: background, or nobody has looked there yet. Makes new revisions.')
    .addOption(projectOption())
    .addOption(new Option('--case <id...>', 'cases').makeOptionMandatory())
    .addOption(new Option('--unpainted <meaning>', 'background, or unknown').choices(Completeness.unwrap().shape.unpainted.options).makeOptionMandatory())
    .addOption(new Option('--complete-slices <list>', 'slices that are painted completely, e.g. k:3,7-9').argParser(slicesOf))
    .addOption(new Option('--known <names...>', 'the segments that somebody looked for (default: all of the legend)'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'completeness --project ~/liver --case c1 --unpainted unknown --complete-slices k:3,7-9',
        'completeness --project ~/liver --case c1 --unpainted background --known liver',
      ),
    )
    .action((options: CompletenessOptions) => runCommand('completeness', program, options, (session) => setCompleteness(session, options)));
}

async function setCompleteness(session: CliSession, options: CompletenessOptions): Promise<CommandEnd> {
  const { legend, labelRules } = await session.call('project.open', { folder: resolve(options.project) });
  const { unpainted, completeSlices = [], known } = options;
  const completeness = { unpainted, completeSlices, completeBoxes: [], knownLabels: known ? known.map((name) => labelValueOf(name, legend)) : null };
  const revisions = [];
  for (const name of options.case) {
    const { caseId, latestRevision } = await session.call('dataset.openCase', { caseId: CaseId.parse(name) });
    if (latestRevision === null) throw new AppException({ code: 'not-found', what: 'revision', id: `${caseId}/1` });
    const { revision } = await session.call('labels.setCompleteness', { caseId, parent: latestRevision, completeness });
    session.output.say(`${caseId}: revision ${revision}, ${whyIncomplete(completeness, legend, labelRules) ?? 'complete'}.`);
    revisions.push({ caseId, revision });
  }
  return { exitCode: exitCodes.ok, value: { revisions } };
}

function labelValueOf(name: string, legend: readonly Segment[]): z.infer<typeof LabelValue> {
  const found = legend.find((segment) => segment.name === name || String(segment.labelValue) === name);
  if (found) return found.labelValue;
  throw new AppException({ code: 'contract/bad-input', issues: [`known: the legend has no segment '${name}'`] });
}

/** `k:3,7-9` */
function slicesOf(text: string): Completeness['completeSlices'] {
  const [, axisName, list] = /^([ijk]):(\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)$/.exec(text) ?? [];
  if (!axisName || !list) throw new InvalidArgumentError('an axis and slices are needed, e.g. k:3,7-9.');
  const axis = GridAxis.parse(axisName);
  const slices = list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: Math.min(Math.max(0, last - first + 1), 100_000) }, (_, n) => ({ axis, index: first + n }));
  });
  return slices;
}
