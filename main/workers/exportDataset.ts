/** The masks of a project with their images as a data set for nnU-Net v2: written beside its place, and moved there when whole. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { COMPLETE, whyIncomplete } from '../contract/completeness.ts';
import { AppException, err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { ExportDatasetTask, ExportSummary, StoredImage } from '../contract/tasks.ts';
import type { Grid } from '../contract/vocabulary.ts';
import { syncFolder, temporaryPath, writeFileAtomic } from '../dataset/atomicFile.ts';
import { readLabelmap, readStoredImage } from '../dataset/storedVolume.ts';
import { REPORT_NAME, type ExportedFile, type ExportReport } from '../export/exportReport.ts';
import { gzippedNifti } from '../export/formats/niftiFormat.ts';
import { datasetFolderName, datasetJson, datasetLabels, renumbered, splitsJson, type DatasetLabels } from '../export/nnunetDataset.ts';
import { labelmapInSourceGeometry } from '../export/sourceLabelmap.ts';
import { fromCanonical } from '../imaging/orientation.ts';
import type { VoxelArray } from '../imaging/volume.ts';
import { withUnknownIgnored } from '../nnunet/preprocess/unknownVoxels.ts';
import { ProvenanceReader } from './exportProvenance.ts';
import { describeError } from '../contract/describeError.ts';

type LabelledCase = ExportDatasetTask['cases'][number];

/** Images are noise to a compressor: higher levels cost minutes and save next to nothing. */
const LEVEL = 2;
const FIRST_FREE_ID = 500;
const DATASET_FOLDER = /^Dataset\d{3}_.+$/;

/** A case whose channels are not those of the first becomes a problem and is left out. On failure or cancel nothing remains. */
export async function runExportDataset(input: ExportDatasetTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  let temporary: string | null = null;
  try {
    const folder = await datasetFolder(input);
    temporary = temporaryPath(dirname(folder), basename(folder));
    const writer = new DatasetWriter(input, temporary, port);
    const written = await writer.write();
    if (!written) {
      await rm(temporary, { recursive: true, force: true });
      return ok({ stopped: true });
    }
    await rename(temporary, folder);
    await syncFolder(dirname(folder));
    const { names, failedCount, writtenCount } = written;
    const summary: ExportSummary = { writtenCount, failedCount, files: names.map((name) => join(folder, name)), reportFile: join(folder, REPORT_NAME) };
    return ok(summary);
  } catch (thrown) {
    if (temporary !== null) await rm(temporary, { recursive: true, force: true });
    return err(toAppError(thrown, input.outputFolder));
  }
}

/** The folder asked for where it is called like a data set, else one in it. Throws contract/bad-input where it is there already. */
async function datasetFolder({ outputFolder, datasetId, name }: ExportDatasetTask): Promise<string> {
  const isNamed = DATASET_FOLDER.test(basename(outputFolder));
  const parent = isNamed ? dirname(outputFolder) : outputFolder;
  await mkdir(parent, { recursive: true });
  const names = await readdir(parent);
  const taken = new Set(names.map((one) => Number(/^Dataset(\d{3})_/.exec(one)?.[1])));
  let id = datasetId ?? FIRST_FREE_ID;
  while (!isNamed && datasetId === undefined && taken.has(id)) id++;
  const folderName = isNamed ? basename(outputFolder) : datasetFolderName(id, name);
  if (names.includes(folderName) || (!isNamed && taken.has(id))) {
    const issues = [`outputFolder: ${parent} has a data set ${folderName.slice(0, 10)} already; it stays as it is. Choose another number or folder`];
    throw new AppException({ code: 'contract/bad-input', issues });
  }
  return join(parent, folderName);
}

class DatasetWriter {
  readonly #names: string[] = [];
  readonly #described: ExportedFile[] = [];
  readonly #notWritten: ExportReport['notWritten'] = [];
  readonly #channelNames: readonly string[];
  readonly #labels: DatasetLabels;
  #done = 0;

  constructor(
    private readonly input: ExportDatasetTask,
    private readonly folder: string,
    private readonly port: JobPort,
  ) {
    const { cases, legend, labelRules } = input;
    this.#channelNames = cases[0]!.image.channelNames;
    const hasUnknown = cases.some(({ completeness }) => whyIncomplete(completeness ?? COMPLETE, legend, labelRules) !== null);
    this.#labels = datasetLabels(legend, labelRules, hasUnknown);
  }

  /** `null` when stopped. */
  async write(): Promise<{ names: string[]; writtenCount: number; failedCount: number } | null> {
    const { cases, images, auditHead, heldOutIn, name, softwareVersion } = this.input;
    for (const part of ['imagesTr', 'labelsTr', ...(images.length > 0 ? ['imagesTs'] : [])]) await mkdir(join(this.folder, part), { recursive: true });
    const provenance = new ProvenanceReader(this.input);
    for (const one of cases) {
      if (this.port.stop.aborted) return null;
      this.#tell();
      if (!this.#hasItsChannels(one)) continue;
      await this.#writeImage('imagesTr', one);
      await this.#writeMask(one, provenance);
    }
    for (const one of images) {
      if (this.port.stop.aborted) return null;
      this.#tell();
      if (this.#hasItsChannels(one)) await this.#writeImage('imagesTs', one);
    }
    const caseIds = this.#described.map(({ caseId }) => caseId);
    const facts = { name, channelNames: this.#channelNames, labels: this.#labels, trainingCount: caseIds.length, softwareVersion };
    await this.#writeText('dataset.json', datasetJson(facts));
    const splits = splitsJson(heldOutIn, caseIds);
    if (splits !== null) await this.#writeText('splits_final.json', splits);
    const report: ExportReport = { version: 1, files: this.#described, auditHead, notWritten: this.#notWritten };
    await writeFileAtomic(join(this.folder, REPORT_NAME), Buffer.from(`${JSON.stringify(report, null, 2)}\n`));
    this.#tell();
    return { names: this.#names, writtenCount: caseIds.length, failedCount: this.#notWritten.length };
  }

  #tell(): void {
    const { cases, images } = this.input;
    this.port.tell({ type: 'progress', progress: { phase: 'writing', done: this.#done++, total: cases.length + images.length } });
  }

  /** nnU-Net knows one set of channels for all cases. */
  #hasItsChannels({ caseId, image }: { caseId: LabelledCase['caseId']; image: StoredImage }): boolean {
    if (image.files.length === this.#channelNames.length) return true;
    const error = { code: 'export/unsupported', caseId, detail: `${image.files.length} channels, the data set has ${this.#channelNames.length}` } as const;
    this.#notWritten.push({ caseId, reason: describeError(error) });
    this.port.tell({ type: 'problem', error });
    return false;
  }

  async #writeImage(part: string, { caseId, image }: { caseId: string; image: StoredImage }): Promise<void> {
    for (const [channel, { voxels }] of (await readStoredImage(image)).entries()) {
      const name = `${part}/${caseId}_${String(channel).padStart(4, '0')}.nii.gz`;
      await this.#writeVolume(name, image.sourceGrid, fromCanonical(voxels, image.sourceGrid));
    }
  }

  async #writeMask(one: LabelledCase, reader: ProvenanceReader): Promise<void> {
    const { caseId, revision, labelSha256, labelFile, sourceGrid } = one;
    const stored = await readLabelmap(labelFile);
    const voxels = await this.#withUnknown(renumbered(stored.voxels, this.#labels.valueOf), one);
    const mask = labelmapInSourceGeometry({ grid: stored.grid, voxels }, sourceGrid, labelFile);
    const name = `labelsTr/${caseId}.nii.gz`;
    const sha256 = await this.#writeVolume(name, mask.grid, mask.voxels);
    const { provenance, warnings } = await reader.of(one);
    for (const error of warnings) this.port.tell({ type: 'problem', error });
    const segments = this.input.legend
      .filter(({ labelValue }) => this.#labels.valueOf.has(labelValue))
      .map((segment) => ({ ...segment, labelValue: this.#labels.valueOf.get(segment.labelValue)! }));
    this.#described.push({
      name,
      sha256,
      format: 'nifti',
      caseId,
      revision,
      labelSha256,
      segments,
      deidentification: null,
      exportedAt: new Date().toISOString(),
      provenance,
      warnings: warnings.map(describeError),
    });
  }

  async #withUnknown<A extends Uint8Array | Uint16Array>(voxels: A, { completeness = COMPLETE, backgroundFile, image }: LabelledCase): Promise<A> {
    const { ignoreValue } = this.#labels;
    const { legend, labelRules } = this.input;
    if (ignoreValue === null || whyIncomplete(completeness, legend, labelRules) === null) return voxels;
    const background = backgroundFile === undefined ? null : (await readLabelmap(backgroundFile)).voxels;
    return withUnknownIgnored(voxels, image.grid.dimsIjk, { completeness, background }, ignoreValue);
  }

  /** Hex SHA-256 of the file. */
  async #writeVolume(name: string, grid: Grid, voxels: VoxelArray): Promise<string> {
    const bytes = await gzippedNifti(grid, voxels, LEVEL);
    await writeFileAtomic(join(this.folder, name), bytes);
    this.#names.push(name);
    return createHash('sha256').update(bytes).digest('hex');
  }

  async #writeText(name: string, text: string): Promise<void> {
    await writeFileAtomic(join(this.folder, name), Buffer.from(text));
    this.#names.push(name);
  }
}
