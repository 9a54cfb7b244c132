import type { Provenance } from '../contract/provenance.ts';
import type { Segment } from '../contract/vocabulary.ts';

/** Provenance for headers of keys and values (NRRD, MetaImage). What is not known has no key. */
export function provenanceKeyValues(
  { softwareVersion, origin, models, author, savedAtMs, accepted }: Provenance,
  maskName: string | null,
): Record<string, string> {
  const keyValues: Record<string, string> = {
    Maskloop_Version: softwareVersion,
    Maskloop_Origin: origin,
    Maskloop_Author: author,
    Maskloop_SavedAt: new Date(savedAtMs).toISOString(),
  };
  if (maskName !== null) keyValues.Maskloop_Mask = maskName;
  if (accepted) {
    keyValues.Maskloop_AcceptedBy = accepted.author;
    keyValues.Maskloop_AcceptedAt = new Date(accepted.atMs).toISOString();
  }
  for (const [index, { runId, algorithmName, weightsSha256, trainingDataSha256 }] of models.entries()) {
    const key = `Maskloop_Model${index}`;
    keyValues[`${key}_Run`] = runId;
    keyValues[`${key}_Algorithm`] = algorithmName;
    if (weightsSha256) keyValues[`${key}_WeightsSha256`] = weightsSha256;
    if (trainingDataSha256) keyValues[`${key}_TrainingDataSha256`] = trainingDataSha256;
  }
  return keyValues;
}

/** What the label values mean, for a format that has no fields of its own for it. */
export function segmentKeyValues(segments: readonly Segment[]): Record<string, string> {
  const keyValues: Record<string, string> = {};
  for (const { labelValue, name, colorRgb, codes } of segments) {
    const key = `Maskloop_Segment${labelValue}`;
    keyValues[`${key}_Name`] = name;
    keyValues[`${key}_Color`] = colorRgb.join(' ');
    if (!codes) continue;
    for (const [part, code] of Object.entries(codes)) if (code) keyValues[`${key}_${part}`] = `${code.scheme} ${code.value} ${code.meaning}`;
  }
  return keyValues;
}
