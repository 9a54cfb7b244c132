/**
 * What a derived object (SEG, RTSTRUCT) must say about the images it was made from. Kept beside an imported DICOM case,
 * because the files themselves may be gone by the time of the export.
 */
import { z } from 'zod';

/** One attribute of the DICOM JSON model (PS3.18 annex F). */
const DicomJsonElement = z.object({ vr: z.string().length(2), Value: z.array(z.unknown()).optional() });
/** By tag as eight hexadecimal digits, upper case. */
export const DicomJson = z.record(z.string().regex(/^[0-9A-F]{8}$/), DicomJsonElement);
export type DicomJson = z.infer<typeof DicomJson>;

export const DicomReference = z.object({
  version: z.literal(1),
  /** Patient, study, series, equipment and frame-of-reference attributes of the first image; no private ones, no bulk data. */
  attributes: DicomJson,
  /** One for each k of the source grid, ascending; empty when the grid was resampled and no voxel lies on one image. */
  images: z.array(
    z.object({
      sopClassUid: z.string(),
      sopInstanceUid: z.string(),
      /** Counted from 1; of a multi-frame image. */
      frameNumber: z.int().positive().optional(),
    }),
  ),
});
export type DicomReference = z.infer<typeof DicomReference>;
