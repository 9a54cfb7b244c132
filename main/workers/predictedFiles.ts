/** Predictions of a folder that nobody imported, in the format that was asked for, in source geometry. */
import { join } from 'node:path';
import type { AppError } from '../contract/errors.ts';
import type { PredictionAbout } from '../contract/tasks.ts';
import type { ExportFormat } from '../contract/vocabulary.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { defaultSegment } from '../dataset/defaultColors.ts';
import type { LoadedSource } from '../dataset/read/loadSource.ts';
import { MASK_FORMATS } from '../export/formats/maskFormats.ts';
import { selectSegments } from '../export/selectSegments.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { fromCanonical } from '../imaging/orientation.ts';
import { ProvenanceReader } from './exportProvenance.ts';
import { uniqueCaseId } from './importCase.ts';

export class PredictedFiles {
  readonly #provenance: ProvenanceReader;

  constructor(
    private readonly outputFolder: string,
    private readonly format: ExportFormat,
    private readonly about: PredictionAbout,
  ) {
    const models = about.models.map((model) => ({ ...model, trainedUntilMs: null }));
    this.#provenance = new ProvenanceReader({ softwareVersion: about.softwareVersion, models });
  }

  /** `labels` on the canonical grid. A file of that name is replaced in one step. Returns the paths. */
  async write({ baseName, sourceGrid, subject, dicomReference }: LoadedSource, labels: LabelArray, tell: (warning: AppError) => void): Promise<string[]> {
    const { legend, models } = this.about;
    const { voxels, segments, painted } = selectSegments(fromCanonical(labels, sourceGrid), legend, undefined, defaultSegment);
    const nowMs = Date.now();
    // for messages only: what predicts a folder knows no cases
    const caseId = uniqueCaseId(baseName, new Set());
    const facts = { origin: 'model' as const, author: '', savedAtMs: nowMs, accepted: null, runIds: models.map(({ runId }) => runId), predictedAtMs: nowMs };
    const { provenance } = await this.#provenance.of({ caseId, provenance: facts });
    const { files, warnings } = await MASK_FORMATS[this.format]({
      caseId,
      baseName,
      maskName: null,
      mask: { grid: sourceGrid, voxels },
      segments,
      painted,
      provenance,
      reference: dicomReference ?? null,
      subject: subject ?? caseId,
      deidentify: null,
      writtenAtMs: nowMs,
    });
    warnings.forEach(tell);
    const paths = files.map(({ name }) => join(this.outputFolder, name));
    for (const [index, { chunks }] of files.entries()) await writeFileAtomic(paths[index]!, chunks);
    return paths;
  }
}
