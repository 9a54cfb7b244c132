/** The "reader" of the demo: knows the true masks, corrects predictions with them and measures predictions by them. */
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { bulkUrls, type CaseSummary } from '../contract/api.ts';
import { AppError, AppException } from '../contract/errors.ts';
import { labelsFromBytes, typeOfLabels } from '../contract/labelType.ts';
import { UploadId } from '../contract/vocabulary.ts';
import { readLabelmap } from '../dataset/storedVolume.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { diceOfLabelmaps } from '../imaging/diceOfLabelmaps.ts';
import { toCanonical } from '../imaging/orientation.ts';
import type { BulkAnswer } from '../services/services.ts';
import type { CliSession } from './cliSession.ts';
import type { LabelledStudy } from './demoStudies.ts';

/** The imported cases of these studies; a study that could not be imported has none. */
export async function casesOf(session: CliSession, studies: readonly LabelledStudy[]): Promise<{ study: LabelledStudy; summary: CaseSummary }[]> {
  const { cases } = await session.call('dataset.listCases', {});
  const byFile = new Map(cases.map((summary) => [basename(summary.sourcePath), summary]));
  return studies.flatMap((study) => {
    const summary = byFile.get(basename(study.imageFiles[0] ?? ''));
    return summary ? [{ study, summary }] : [];
  });
}

/** Replaces the prediction of each study by its true mask and accepts it, as a person would do with the brush. */
export async function correctCases(session: CliSession, studies: readonly LabelledStudy[]): Promise<number> {
  const found = await casesOf(session, studies);
  for (const { study, summary } of found) {
    const truth = await readTruth(study);
    const { uploadId } = Uploaded.parse(
      await readJson(await session.services.bulk.upload(Readable.from([Buffer.from(truth.buffer, truth.byteOffset, truth.byteLength)]))),
    );
    const { caseId, latestRevision: parent } = summary;
    const { revision } = await session.call('labels.save', { caseId, uploadId, parent, labelType: typeOfLabels(truth) });
    await session.call('labels.accept', { caseId, revision });
  }
  return found.length;
}

const Uploaded = z.object({ uploadId: UploadId });

/** Mean Dice over the labels of the project, per case with a mask. A label that neither mask has does not count. */
export async function measureCases(session: CliSession, studies: readonly LabelledStudy[]): Promise<Map<string, number>> {
  const { project } = await session.call('project.current', {});
  const labelValues = (project?.legend ?? []).map(({ labelValue }) => labelValue);
  const diceByCase = new Map<string, number>();
  for (const { study, summary } of await casesOf(session, studies)) {
    if (summary.latestRevision === null) continue;
    const answer = await session.services.bulk.get(bulkUrls.labels(summary.caseId, summary.latestRevision));
    const truth = await readTruth(study);
    const predicted = labelsFromBytes(new Uint8Array(await readBytes(answer)).buffer, truth.length);
    if (!predicted) throw new Error(`the label map of ${summary.caseId} has another size than its truth`);
    const dice = diceOfLabelmaps(predicted, truth, labelValues).filter((value) => value !== null);
    diceByCase.set(summary.caseId, mean(dice));
  }
  return diceByCase;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The true mask on the grid in which the project stores the case. */
async function readTruth({ labelFile }: LabelledStudy): Promise<LabelArray> {
  const { grid, voxels } = await readLabelmap(labelFile);
  return toCanonical(voxels, grid).voxels;
}

async function readBytes(answer: BulkAnswer): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer.body as AsyncIterable<Buffer>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (answer.status >= 400) throw new AppException(AppError.parse(JSON.parse(bytes.toString('utf8'))));
  return bytes;
}

async function readJson(answer: BulkAnswer): Promise<unknown> {
  return JSON.parse(Buffer.from(await readBytes(answer)).toString('utf8'));
}
