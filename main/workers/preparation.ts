/** What is done to each case before training, and can be done to several at once: fingerprint and preprocessing. */
import type { AppError } from '../contract/errors.ts';
import type { StoredImage } from '../contract/tasks.ts';
import { readLabelmap, readStoredImage } from '../dataset/storedVolume.ts';
import { fingerprintCase, type CaseFingerprint } from '../nnunet/plan/fingerprint.ts';
import { preprocessCase, type PreprocessRequest } from './preprocessCase.ts';

export interface FingerprintRequest {
  readonly kind: 'fingerprint';
  readonly image: StoredImage;
  readonly labelFile: string;
  /** Values kept per channel where they cannot be counted. */
  readonly largestSample: number;
  readonly ignoredLabel: number | null;
}

/** Plain data. */
export type PreparationRequest = FingerprintRequest | ({ readonly kind: 'preprocess' } & PreprocessRequest);
/** A fingerprint, or whether a file had to be made. */
export type PreparationResult = CaseFingerprint | boolean;

/** Messages to and from a thread. */
export interface ToThread {
  readonly index: number;
  readonly request: PreparationRequest;
}
export type FromThread =
  { readonly index: number; readonly ok: true; readonly result: PreparationResult } | { readonly index: number; readonly ok: false; readonly error: AppError };

export async function runPreparation(request: PreparationRequest): Promise<PreparationResult> {
  if (request.kind === 'preprocess') return preprocessCase(request);
  const { voxels } = await readLabelmap(request.labelFile);
  return fingerprintCase(await readStoredImage(request.image), voxels, request.largestSample, request.ignoredLabel);
}
