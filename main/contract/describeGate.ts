/** Sentences for what the gate found. */
import type { GateOutcome, GateReason, GateWarning } from './gate.ts';

const points = (difference: number): string => Math.abs(difference).toFixed(3);

/** How lists call the outcome; `null`: never judged. */
export const outcomeName = (outcome: GateOutcome | null): string =>
  outcome === null ? 'not judged' : { accepted: 'accepted', rejected: 'rejected', notJudged: 'not comparable' }[outcome];

/** The same for a verdict, saying where it only could not tell the two apart. */
export const verdictName = ({ outcome, reasons }: { readonly outcome: GateOutcome; readonly reasons: readonly GateReason[] }): string =>
  reasons.some(({ code }) => code === 'undecided') ? `${outcomeName(outcome)}, cannot be told apart` : outcomeName(outcome);

export function describeGateReason(reason: GateReason): string {
  switch (reason.code) {
    case 'first':
      return 'The first model: there was none to compare with.';
    case 'nothingHeldOut':
      return 'No case was held back, so nothing could be measured.';
    case 'notWorse':
      return 'It is at least as good on the held-out cases.';
    case 'undecided':
      return 'The held-out cases show no loss; they are too few to show more.';
    case 'meanDropped':
      return `The mean Dice of the held-out cases fell by ${points(reason.difference)}.`;
    case 'classDropped':
      return `The Dice of ${reason.name} fell by ${points(reason.difference)}.`;
    case 'masksDisplaced':
      return `${reason.count} of ${reason.maskCount} corrected masks lie beside what the model had drawn. Look at them again and correct what is wrong, or choose the model all the same.`;
    case 'noCommonCases':
      return 'One of the two models learnt from the cases that would have to judge. Choose it yourself if you want it.';
  }
}

export function describeGateWarning(warning: GateWarning): string {
  switch (warning.code) {
    case 'caseDropped':
      return `${warning.caseId} lost ${points(warning.difference)} Dice.`;
    case 'canaryDropped':
      return `The first verified cases (${warning.caseCount}) lost ${points(warning.difference)} Dice: the model may be forgetting.`;
    case 'fewCases':
      return `Only ${warning.caseCount} held-out case${warning.caseCount === 1 ? '' : 's'}: the verdict is weak.`;
    case 'maskDisplaced':
      return `The mask of ${warning.caseId} lies ${warning.offsetMm.toFixed(1)} mm beside the prediction that it corrects.`;
    case 'caseNotCompared':
      return `${warning.caseId} could not be compared: ${warning.reason}`;
  }
}
