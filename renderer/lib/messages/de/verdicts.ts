/** The sentences of `main/contract/describeGate.ts` and `main/contract/rerun.ts` in German. A new code without one fails to compile. */
import type { GateOutcome, GateReason, GateVerdict, GateWarning } from '../../../../main/contract/gate.ts';
import { isSameResult, type RerunOutcome } from '../../../../main/contract/rerun.ts';
import { numberText } from '../message.ts';

const points = (difference: number): string => numberText(Math.abs(difference), 'de', { minimumFractionDigits: 3, maximumFractionDigits: 3 });
const figure = (value: number | null): string => (value === null ? 'unbekannt' : numberText(value, 'de', { maximumSignificantDigits: 3 }));

const OUTCOMES: Readonly<Record<GateOutcome, string>> = { accepted: 'angenommen', rejected: 'abgelehnt', notJudged: 'nicht vergleichbar' };

export const verdictNameInGerman = ({ outcome, reasons }: Pick<GateVerdict, 'outcome' | 'reasons'>): string =>
  reasons.some(({ code }) => code === 'undecided') ? `${OUTCOMES[outcome]}, nicht zu unterscheiden` : OUTCOMES[outcome];

export function gateReasonInGerman(reason: GateReason): string {
  switch (reason.code) {
    case 'first':
      return 'Das erste Modell: Es gab keines zum Vergleichen.';
    case 'nothingHeldOut':
      return 'Kein Fall wurde zur Validierung zurückgehalten, deshalb ließ sich nichts messen.';
    case 'notWorse':
      return 'Es ist auf den Validierungsfällen mindestens so gut.';
    case 'undecided':
      return 'Die Validierungsfälle zeigen keinen Verlust; für mehr sind es zu wenige.';
    case 'meanDropped':
      return `Der mittlere Dice der Validierungsfälle fiel um ${points(reason.difference)}.`;
    case 'classDropped':
      return `Der Dice von ${reason.name} fiel um ${points(reason.difference)}.`;
    case 'masksDisplaced':
      return `${reason.count} von ${reason.maskCount} korrigierten Masken liegen neben dem, was das Modell gezeichnet hatte. Sehen Sie sie noch einmal an und korrigieren Sie, was falsch ist, oder wählen Sie das Modell trotzdem.`;
    case 'noCommonCases':
      return 'Eines der beiden Modelle lernte aus den Fällen, die urteilen müssten. Wählen Sie es selbst, wenn Sie es wollen.';
  }
}

export function gateWarningInGerman(warning: GateWarning): string {
  switch (warning.code) {
    case 'caseDropped':
      return `${warning.caseId} verlor ${points(warning.difference)} Dice.`;
    case 'canaryDropped':
      return `Die zuerst geprüften Fälle (${warning.caseCount}) verloren ${points(warning.difference)} Dice: Das Modell vergisst vielleicht.`;
    case 'fewCases':
      return `Nur ${warning.caseCount} ${warning.caseCount === 1 ? 'Validierungsfall' : 'Validierungsfälle'}: Das Urteil ist schwach.`;
    case 'maskDisplaced':
      return `Die Maske von ${warning.caseId} liegt ${numberText(warning.offsetMm, 'de', { minimumFractionDigits: 1, maximumFractionDigits: 1 })} mm neben der Vorhersage, die sie korrigiert.`;
    case 'caseNotCompared':
      return `${warning.caseId} ließ sich nicht vergleichen: ${warning.reason}`;
  }
}

const answerOf = (isSame: boolean | null): string =>
  isSame === null ? 'Die Gewichte zum Vergleichen sind fort.' : isSame ? 'Dasselbe Ergebnis, Bit für Bit.' : 'Nicht dasselbe Ergebnis.';

/** Sentences, the answer first. */
export function rerunInGerman(outcome: RerunOutcome): string[] {
  const { largestWeightDifference, comparedSteps, firstDifferentStep, largestLossDifference, dice, repeatedDice, isSamePlan, otherEnvironment } = outcome;
  const isSame = isSameResult(outcome);
  const lines = [answerOf(isSame)];
  if (isSame === false) lines.push(`Größter Unterschied eines Gewichts: ${figure(largestWeightDifference)}.`);
  if (comparedSteps === 0) lines.push('Die Losses lassen sich nicht vergleichen: Der wiederholte Lauf hat keine festgehalten.');
  else if (firstDifferentStep === null) lines.push(`Der Loss ist in allen ${comparedSteps} Schritten derselbe.`);
  else lines.push(`Der Loss weicht ab Schritt ${firstDifferentStep} von ${comparedSteps} ab; größter Unterschied ${figure(largestLossDifference)}.`);
  if (dice !== null || repeatedDice !== null)
    lines.push(dice === repeatedDice ? `Validierungs-Dice beide Male ${figure(dice)}.` : `Validierungs-Dice ${figure(dice)}, vorher ${figure(repeatedDice)}.`);
  if (!isSamePlan) lines.push('Der Plan ist ein anderer: Die Planung hat sich seither geändert.');
  for (const { what, before, now } of otherEnvironment) lines.push(`Anders ist ${what}: ${now}, vorher ${before}.`);
  return lines;
}
