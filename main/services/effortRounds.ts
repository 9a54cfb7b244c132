import type { CaseEffort, RoundEffort } from '../contract/effort.ts';

/** Pure: the figures of each round that has cases, in order. */
export function effortRounds(cases: readonly CaseEffort[]): RoundEffort[] {
  const rounds = [...new Set(cases.map(({ round }) => round))].sort((a, b) => a - b);
  return rounds.map((round) => {
    const ofRound = cases.filter((one) => one.round === round);
    const changes = ofRound.flatMap(({ change }) => (change ? [change] : []));
    return {
      round,
      source: ofRound[0]!.source,
      caseCount: ofRound.length,
      medianActiveSeconds: medianOrNull(ofRound.map(({ activeSeconds }) => activeSeconds)),
      meanVoxelsChanged: meanOrNull(changes.map(({ voxelsChanged }) => voxelsChanged)),
      meanDice: meanOrNull(changes.map(({ dice }) => dice)),
      meanAssdMm: meanOrNull(changes.map(({ assdMm }) => assdMm)),
      meanHd95Mm: meanOrNull(changes.map(({ hd95Mm }) => hd95Mm)),
    };
  });
}

const numbersIn = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

function meanOrNull(values: readonly (number | null)[]): number | null {
  const numbers = numbersIn(values);
  return numbers.length === 0 ? null : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

function medianOrNull(values: readonly (number | null)[]): number | null {
  const sorted = numbersIn(values).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
