import { resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { ModelInfo } from '../contract/api.ts';
import { describeGateReason, describeGateWarning, outcomeName, verdictName } from '../contract/describeGate.ts';
import { GateRuleChanges, type GateComparison, type GateVerdict } from '../contract/gate.ts';
import { GateSummary } from '../contract/gateTask.ts';
import type { JobId } from '../contract/vocabulary.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, projectOption } from './commonOptions.ts';
import { formatDuration } from './duration.ts';
import { exitCodes } from './exitCodes.ts';
import { findRun } from './findRun.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';
import { showModel, sparkline } from './showModel.ts';
import { formatTable } from './textTable.ts';

interface ModelsOptions extends CommandOptions {
  readonly project: string;
}
type Action = (session: CliSession, names: readonly string[], models: readonly ModelInfo[]) => Promise<CommandEnd>;

/** `models`: which model the project uses, and what becomes of the others. */
export function addModelsCommand(root: Command, program: ProgramPaths): void {
  const group = root
    .command('models')
    .description('The models of a project: which one predicts, how each was judged, and what becomes of those nobody needs.')
    .addHelpText(
      'after',
      examples(
        'models list --project ~/liver',
        'models gate latest --project ~/liver',
        'models use RUN --project ~/liver',
        'models rollback --project ~/liver',
      ),
    );
  const add = (name: string, description: string, runs: readonly string[], action: Action): Command => {
    const command = group.command(name).description(description).addOption(projectOption()).addOption(jsonOption());
    for (const run of runs) command.argument(`<${run}>`, "a run, 'latest' or 'current'");
    return command.action((...given: unknown[]) => {
      const options = given[runs.length] as ModelsOptions; // commander passes the arguments, then the options
      const names = given.slice(0, runs.length).map(String);
      return runCommand(`models ${name}`, program, options, async (session) => {
        await session.call('project.open', { folder: resolve(options.project) });
        return action(session, names, (await session.call('models.list', {})).models);
      });
    });
  };
  const named = (models: readonly ModelInfo[], name: string) => findRun(models, name, ({ hasCheckpoint }) => hasCheckpoint).runId;

  add('list', 'List them: the current one is marked with *.', [], listModels);
  add('show', 'Show all that is known of a model: settings, hashes, curves, verdict.', ['run'], (session, [run], models) =>
    Promise.resolve(
      showModel(
        session,
        findRun(models, run!, () => true),
      ),
    ),
  );
  add('use', 'Make a model the current one, whatever the gate said.', ['run'], async (session, [run], models) => {
    const runId = named(models, run!);
    await session.call('models.use', { runId });
    return said(session, `${runId} is the current model.`, { runId });
  });
  add('rollback', 'Go back to the parent of the current model, or to the one used before it.', [], async (session) => {
    const { runId } = await session.call('models.rollBack', {});
    return said(session, `${runId} is the current model again.`, { runId });
  });
  for (const isPinned of [true, false])
    add(
      isPinned ? 'pin' : 'unpin',
      isPinned ? 'Keep a model: it is not deleted and, while current, not replaced.' : 'Undo pin.',
      ['run'],
      async (session, [run], models) => {
        const runId = named(models, run!);
        await session.call('models.pin', { runId, isPinned });
        return said(session, `${runId} is ${isPinned ? 'pinned' : 'no longer pinned'}.`, { runId, isPinned });
      },
    );
  add('delete', 'Remove the weights of a model from the disk; its record stays.', ['run'], async (session, [run], models) => {
    const { runId } = findRun(models, run!, () => true);
    const { freedBytes } = await session.call('models.delete', { runId });
    return said(session, `${runId} is deleted, ${megabytes(freedBytes)} freed.`, { runId, freedBytes });
  });
  add('gate', 'Judge a finished training against the current model (again).', ['run'], async (session, [run], models) =>
    judge(session, () => session.call('models.gate', { runId: named(models, run!) })),
  );
  add('compare', 'Measure one model against another, without consequences.', ['run', 'other'], async (session, [run, other], models) =>
    judge(session, () => session.call('models.compare', { runId: named(models, run!), withRunId: named(models, other!) })),
  );
  add('report', 'Show how a model was judged.', ['run'], async (session, [run], models) => {
    const report = await session.call('models.gateReport', { runId: findRun(models, run!, () => true).runId });
    sayVerdict(session, report.verdict);
    if (report.htmlFile) session.output.say(`Report: ${report.htmlFile}`);
    return { exitCode: exitCodes.ok, value: { verdict: report.verdict, htmlFile: report.htmlFile } };
  });
  addRulesCommand(group, program);
}

interface RulesOptions extends ModelsOptions {
  readonly set?: GateRuleChanges;
}

function addRulesCommand(group: Command, program: ProgramPaths): void {
  group
    .command('rules')
    .description('Show by which rules the gate judges, or change them.')
    .addOption(projectOption())
    .addOption(new Option('--set <name=value>', 'several times for several rules').argParser(ruleChange))
    .addOption(jsonOption())
    .addHelpText('after', examples('models rules --project ~/liver --set caseDrop=0.2 --set undecided=reject'))
    .action((options: RulesOptions) =>
      runCommand('models rules', program, options, async (session) => {
        await session.call('project.open', { folder: resolve(options.project) });
        const rules = options.set ? await session.call('models.setRules', { changes: options.set }) : (await session.call('models.list', {})).rules;
        for (const line of formatTable(Object.entries(rules).map(([name, value]) => [name, String(value)]))) session.output.say(line);
        return { exitCode: exitCodes.ok, value: { rules } };
      }),
    );
}

function ruleChange(text: string, before: GateRuleChanges | undefined): GateRuleChanges {
  const [name = '', value = ''] = text.split('=');
  const given: unknown = name === 'undecided' ? value : Number(value);
  const parsed = GateRuleChanges.strict().safeParse({ ...before, [name]: value === '' ? null : given });
  if (!parsed.success) throw new InvalidArgumentError(`one of ${Object.keys(GateRuleChanges.shape).join(', ')} and its value are needed.`);
  return parsed.data;
}

async function listModels(session: CliSession, _: readonly string[], models: readonly ModelInfo[]): Promise<CommandEnd> {
  const { currentRunId, rules, adviseFullRetrain } = await session.call('models.list', {});
  for (const line of formatTable([['', 'run', 'from', 'Dice', 'gate', 'difference', 'cases', 'time', 'size', 'loss', ''], ...models.map(modelRow)]))
    session.output.say(line);
  if (adviseFullRetrain) session.output.say('The gate refused two candidates in a row: a training from scratch (train without --from) may be better.');
  return { exitCode: exitCodes.ok, value: { models, currentRunId, rules, adviseFullRetrain } };
}

function modelRow(model: ModelInfo): string[] {
  const {
    runId,
    isCurrent,
    isPinned,
    parentRunId,
    validationDice,
    gateOutcome,
    verdict,
    trainCaseIds,
    validationCaseIds,
    elapsedSeconds,
    sizeBytes,
    deletedAtMs,
    state,
    isImported,
    repeatsRunId,
    curves,
  } = model;
  const notes = [
    isPinned ? 'pinned' : '',
    isImported ? 'imported' : '',
    repeatsRunId === null ? '' : `repeats ${repeatsRunId}`,
    deletedAtMs === null ? '' : 'deleted',
    state === 'finished' ? '' : state,
  ].filter((note) => note !== '');
  return [
    isCurrent ? '*' : '',
    runId,
    parentRunId ?? '-',
    figure(validationDice),
    verdict ? verdictName(verdict) : outcomeName(gateOutcome),
    figure(verdict?.mean?.difference ?? null),
    `${trainCaseIds.length}+${validationCaseIds.length}`,
    formatDuration(elapsedSeconds),
    megabytes(sizeBytes),
    sparkline(curves.loss),
    notes.join(', '),
  ];
}

async function judge(session: CliSession, start: () => Promise<{ jobId: JobId }>): Promise<CommandEnd> {
  const end = await followJob(session, start);
  const summary = GateSummary.safeParse(end.summary);
  if (summary.success) {
    sayVerdict(session, summary.data.verdict);
    session.output.say(`Report: ${summary.data.reportFile}`);
  } else if (end.state === 'succeeded') session.output.say('There was nothing to compare; see models list.');
  return { exitCode: exitCodeOf(end), value: end.summary };
}

function sayVerdict(session: CliSession, verdict: Omit<GateVerdict, 'cases'>): void {
  session.output.say(`${verdict.runId} against ${verdict.currentRunId ?? 'no model'}: ${verdictName(verdict)}.`);
  for (const sentence of [...verdict.reasons.map(describeGateReason), ...verdict.warnings.map(describeGateWarning)]) session.output.say(sentence);
  const rows = [...(verdict.mean ? [verdict.mean] : []), ...verdict.structures, ...(verdict.canary ? [verdict.canary] : [])];
  if (rows.length > 0)
    for (const line of formatTable([['', 'now', 'candidate', 'difference', 'interval', 'cases'], ...rows.map(comparisonRow)])) session.output.say(line);
}

const comparisonRow = ({ name, current, candidate, difference, lower, upper, caseCount }: GateComparison): string[] => [
  name,
  figure(current),
  figure(candidate),
  figure(difference),
  `${figure(lower)} … ${figure(upper)}`,
  String(caseCount),
];

function said(session: CliSession, text: string, value: unknown): CommandEnd {
  session.output.say(text);
  return { exitCode: exitCodes.ok, value };
}

const figure = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
