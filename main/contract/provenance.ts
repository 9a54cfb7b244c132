/** Where a label map came from, as exported files say it: which model, learnt from what, and who touched it. */
import { z } from 'zod';
import { RunId } from './vocabulary.ts';

/** Stands where a person would in revisions that came as files: nobody here drew or accepted them. */
export const IMPORT_AUTHOR = 'import';
/** Stands where a person would in revisions that a model drew. */
export const MODEL_AUTHOR = 'model';

export const Provenance = z.object({
  /** Of Maskloop. */
  softwareVersion: z.string().min(1),
  /** `manual`: painted or imported; `model`: as predicted; `corrected`: predicted, then edited by a person. */
  origin: z.enum(['manual', 'model', 'corrected']),
  /** Absent for `manual`; several when an ensemble voted. */
  models: z.array(
    z.object({
      runId: RunId,
      /** e.g. `nnU-Net 3d_fullres`. */
      algorithmName: z.string(),
      /** SHA-256 of the weights file that predicted; `null` when the run is gone. */
      weightsSha256: z.string().nullable(),
      /** SHA-256 over the sorted `caseId revision sha256` lines of the training cases; `null` when the run is gone. */
      trainingDataSha256: z.string().nullable(),
    }),
  ),
  /** Of the revision: who saved it and when. */
  author: z.string(),
  savedAtMs: z.number(),
  /** `null` when nobody accepted it yet. */
  accepted: z.object({ author: z.string(), atMs: z.number() }).nullable(),
});
export type Provenance = z.infer<typeof Provenance>;
