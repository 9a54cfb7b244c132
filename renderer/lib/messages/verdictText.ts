/** How a model was judged, and how a repeated training compares, in the language of the window. */
import { describeGateReason, describeGateWarning, verdictName } from '../../../main/contract/describeGate.ts';
import type { GateReason, GateVerdict, GateWarning } from '../../../main/contract/gate.ts';
import { describeRerun, type RerunOutcome } from '../../../main/contract/rerun.ts';
import { gateReasonInGerman, gateWarningInGerman, rerunInGerman, verdictNameInGerman } from './de/verdicts.ts';
import { language } from './messages.svelte.ts';

const isGerman = (): boolean => language() === 'de';

export const verdictText = (verdict: Pick<GateVerdict, 'outcome' | 'reasons'>): string => (isGerman() ? verdictNameInGerman(verdict) : verdictName(verdict));
export const gateReasonText = (reason: GateReason): string => (isGerman() ? gateReasonInGerman(reason) : describeGateReason(reason));
export const gateWarningText = (warning: GateWarning): string => (isGerman() ? gateWarningInGerman(warning) : describeGateWarning(warning));
export const rerunSentences = (outcome: RerunOutcome): string[] => (isGerman() ? rerunInGerman(outcome) : describeRerun(outcome));
