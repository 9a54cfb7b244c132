/** Which case to correct next, and why (docs/learning.md). */
import { z } from 'zod';
import { CaseId, LabelValue } from './vocabulary.ts';

export const OrderStrategy = z.enum(['classBalanced', 'entropy', 'foregroundAwareRandom', 'random']);
export type OrderStrategy = z.infer<typeof OrderStrategy>;

export const OrderSetting = z.object({ strategy: OrderStrategy, seed: z.int().nonnegative() });
export type OrderSetting = z.infer<typeof OrderSetting>;
export const FIRST_ORDER_SETTING: OrderSetting = { strategy: 'classBalanced', seed: 0 };

const label = { labelValue: LabelValue, name: z.string() };

export const OrderReason = z.discriminatedUnion('kind', [
  /** Mean entropy over what was found and what is close to it. */
  z.object({ kind: z.literal('uncertain'), bits: z.number() }),
  /** `acceptedCaseCount`: how many accepted masks are known to have the class. */
  z.object({ kind: z.literal('uncertainClass'), ...label, bits: z.number(), acceptedCaseCount: z.int(), isRare: z.boolean() }),
  /** `bits` of the most uncertain hundredth. */
  z.object({ kind: z.literal('nothingFound'), bits: z.number() }),
  z.object({ kind: z.literal('random') }),
  z.object({ kind: z.literal('randomOfClass'), ...label }),
  /** Predicted by nobody, or before uncertainty was measured. */
  z.object({ kind: z.literal('notMeasured') }),
]);
export type OrderReason = z.infer<typeof OrderReason>;

export const OrderedCase = z.object({
  caseId: CaseId,
  /** Bits; `null` for a case that no model has looked at. */
  uncertainty: z.number().nullable(),
  reason: OrderReason,
});
export type OrderedCase = z.infer<typeof OrderedCase>;

export const WorklistOrder = OrderSetting.extend({
  /** How many models have predicted cases of this project before the newest. */
  round: z.int().nonnegative(),
  /** Every case without an accepted mask that is not excluded, the next one first. */
  cases: z.array(OrderedCase),
});
export type WorklistOrder = z.infer<typeof WorklistOrder>;

/** What the worklist shows of a case beside its status. */
export const CaseFigures = z.object({
  caseId: CaseId,
  /** Bits, of the newest prediction; `null`: not measured. */
  uncertainty: z.number().nullable(),
  /** At work on the case, all its masks together; `null`: nobody measured it. */
  activeSeconds: z.number().nonnegative().nullable(),
});
export type CaseFigures = z.infer<typeof CaseFigures>;

export function describeOrderReason(reason: OrderReason): string {
  switch (reason.kind) {
    case 'uncertain':
      return `unsure about what it found: ${bitsText(reason.bits)}`;
    case 'uncertainClass':
      return `unsure about '${reason.name}': ${bitsText(reason.bits)}${reason.isRare ? `; rare, ${countText(reason.acceptedCaseCount)}` : ''}`;
    case 'nothingFound':
      return `nothing found; unsure where most: ${bitsText(reason.bits)}`;
    case 'random':
      return 'random pick';
    case 'randomOfClass':
      return `random pick of those with '${reason.name}'`;
    case 'notMeasured':
      return 'uncertainty not known yet: random pick';
  }
}

const bitsText = (bits: number): string => `${bits.toFixed(2)} bit`;
const countText = (count: number): string => (count === 0 ? 'in no accepted mask' : `in ${count} accepted mask${count === 1 ? '' : 's'}`);
