/** One model, all of it, for a terminal. */
import type { ModelInfo } from '../contract/api.ts';
import { describeGateReason, describeGateWarning, outcomeName, verdictName } from '../contract/describeGate.ts';
import { describeRerun } from '../contract/rerun.ts';
import type { CliSession } from './cliSession.ts';
import { formatDuration } from './duration.ts';
import { exitCodes } from './exitCodes.ts';
import type { CommandEnd } from './runCommand.ts';
import { formatTable } from './textTable.ts';

const BARS = '▁▂▃▄▅▆▇█';

/** A curve in one line of characters; flat curves are low. */
export function sparkline(values: readonly number[]): string {
  const finite = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const barOf = (value: number): string => BARS[high > low ? Math.round(((value - low) / (high - low)) * (BARS.length - 1)) : 0]!;
  return values.map((value) => (Number.isFinite(value) ? barOf(value) : ' ')).join('');
}

export function showModel(session: CliSession, model: ModelInfo): CommandEnd {
  for (const line of formatTable(rowsOf(model))) session.output.say(line);
  return { exitCode: exitCodes.ok, value: { model } };
}

function rowsOf(model: ModelInfo): string[][] {
  const { runId, verdict, rerun, curves, settings } = model;
  const marks = [model.isCurrent && 'current', model.isPinned && 'pinned', model.isImported && 'imported', model.deletedAtMs !== null && 'deleted'].filter(
    Boolean,
  );
  const rows = [
    ['run', [runId, ...marks].join(', ')],
    ['from', model.parentRunId ?? '-'],
    ...(model.repeatsRunId
      ? [
          ['repeats', model.repeatsRunId],
          ['result', rerun ? describeRerun(rerun).join(' ') : 'not compared yet'],
        ]
      : []),
    ...(model.cluster ? [['on', `${model.cluster} (${model.nodes.join(', ') || 'no node yet'})`]] : []),
    ['started', new Date(model.createdAtMs).toISOString()],
    ['trained', `${model.state}, ${formatDuration(model.elapsedSeconds)}, ${model.epoch} epochs, ${model.step} steps`],
    ['network', `${model.configuration}, preset ${model.preset}, fold ${model.fold}, mixed precision ${model.amp}`],
    ...(settings
      ? [
          ['asked for', askedFor(settings)],
          ['choices', settings.choices.map(({ name, value }) => `${name} ${value}`).join(', ') || "the preset's"],
        ]
      : []),
    ['cases', model.isImported ? 'in the project that trained it' : `${model.trainCaseIds.length} trained on, ${model.validationCaseIds.length} held out`],
    [
      'Dice',
      model.validationDice === null
        ? '-'
        : [model.validationDice.toFixed(3), ...Object.entries(model.validationDicePerLabel).map(([name, value]) => `${name} ${value.toFixed(3)}`)].join(', '),
    ],
    [
      'gate',
      verdict
        ? [`${verdictName(verdict)}.`, ...verdict.reasons.map(describeGateReason), ...verdict.warnings.map(describeGateWarning)].join(' ')
        : outcomeName(null),
    ],
    ['loss', curveText(curves.loss)],
    ['held-out Dice', curveText(curves.dice)],
    ['training data', model.trainingDataSha256 ?? 'not recorded'],
    ['plan', model.planSha256 ?? 'none'],
    ['size', `${(model.sizeBytes / 1e6).toFixed(1)} MB`],
  ];
  return rows;
}

const askedFor = ({ seed, epochs, minutes }: NonNullable<ModelInfo['settings']>): string =>
  [epochs === null ? null : `${epochs} epochs`, minutes === null ? null : `${minutes} minutes`, `seed ${seed}`].filter((part) => part !== null).join(', ');
const curveText = (values: readonly number[]): string =>
  values.length === 0 ? '-' : `${sparkline(values)}  ${values[0]!.toFixed(3)} to ${values.at(-1)!.toFixed(3)}`;
