import type { RoundEffort } from '../../../main/contract/effort.ts';
import type { ChartLine } from '../../ui/chartPath.ts';

type Figure = (round: RoundEffort) => number | null;

/** One line over the rounds that have the figure. */
export function effortLine(name: string, color: string, rounds: readonly RoundEffort[], figure: Figure): ChartLine {
  const points = rounds.flatMap((one) => {
    const value = figure(one);
    return value === null ? [] : [{ x: one.round, y: value }];
  });
  return { name, color, points };
}
