/** A case that its reader has taken out: it is not trained on, judges no model, is not predicted or exported unasked and comes up in no order. */
import { z } from 'zod';

export const ExclusionReason = z.string().trim().min(1, 'say why').max(200);
export const CaseExclusion = z.object({ reason: ExclusionReason, author: z.string(), atMs: z.number() });
export type CaseExclusion = z.infer<typeof CaseExclusion>;
