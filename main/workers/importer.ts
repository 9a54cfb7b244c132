/** One import: image by image, each with the segmentations that belong to it. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppException, err, ok, toAppError, type AppError, type Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import { labelsOfType, labelTypeOf } from '../contract/labelType.ts';
import type { ImportedLabels, ImportTask } from '../contract/tasks.ts';
import type { CaseId } from '../contract/vocabulary.ts';
import { joinLabels, type DatasetLegend, type JoinedLabels } from '../dataset/read/joinLabels.ts';
import { asReadError, loadSource, type LoadedSource } from '../dataset/read/loadSource.ts';
import { PENDING_PREFIX } from '../dataset/projectFolder.ts';
import { ProjectLegend } from '../dataset/projectLegend.ts';
import { readLabelFile, readSegmentationObject, type ImagePlace, type ReadLabels } from '../dataset/read/readLabels.ts';
import type { ScanMemory } from '../dataset/scan/scanMemory.ts';
import type { Source } from '../dataset/scan/source.ts';
import type { FoundSources } from '../dataset/scan/sourceScan.ts';
import { sha256Of, writeLabelmap } from '../dataset/storedVolume.ts';
import type { Subjects } from '../dataset/scan/subjectsFile.ts';
import { partPathsOf } from '../dataset/read/volumeFile.ts';
import { toCanonical } from '../imaging/orientation.ts';
import { uniqueCaseId, writeCase } from './importCase.ts';
import { readImportedLabels, writeImportedLabels } from './importedLabels.ts';
import { KnownCases } from '../dataset/scan/knownCases.ts';
import { labelInputs, type LabelInput, type LabelInputs } from '../dataset/scan/labelInputs.ts';
import { sha256OfFile } from '../dataset/sha256OfFile.ts';

export interface ImportParts {
  readonly input: ImportTask;
  readonly port: JobPort;
  readonly found: FoundSources;
  readonly memory: ScanMemory;
  readonly subjects: Subjects;
  /** Lower case. */
  readonly takenNames: Set<string>;
}

type ExistingCase = ImportTask['existing'][number];

/** An image that is a case already, or the part of its images that the case lacks. */
type Knowledge = Awaited<ReturnType<KnownCases['ofStack']>>;

export class Importer {
  readonly #known: KnownCases;
  readonly #existing: ReadonlyMap<CaseId, ExistingCase>;
  readonly #legend: ProjectLegend;
  #firstFailure: AppError | undefined;
  readonly #counts = { imported: 0, known: 0, attached: 0, failed: 0 };

  constructor(private readonly parts: ImportParts) {
    const { existing, casesFolder, legend, labelRules } = parts.input;
    this.#known = new KnownCases(existing, casesFolder);
    this.#existing = new Map(existing.map((one) => [one.caseId, one]));
    this.#legend = new ProjectLegend(legend, labelRules);
  }

  async run(): Promise<Result<Record<string, unknown>>> {
    const { found, port, input } = this.parts;
    for (const problem of found.problems) this.#fail(problem);
    const knowledge = new Map<Source, Knowledge>();
    for (const source of found.sources) if (source.kind === 'dicom') knowledge.set(source, await this.#known.ofStack(source));
    const scanned = new Set([...knowledge.values()].flatMap((one) => (one?.newCount === 0 ? [one.caseId] : [])));
    const inputs = await labelInputs(
      found,
      input.existing.filter(({ caseId }) => !scanned.has(caseId)),
      input.casesFolder,
    );
    for (const problem of inputs.problems) this.#fail(problem);
    for (const [index, source] of found.sources.entries()) {
      if (port.stop.aborted) break;
      this.#tellProgress(index);
      await this.#importSource(source, knowledge.get(source) ?? null, inputs);
    }
    for (const [caseId, ofCase] of inputs.ofCase) if (!port.stop.aborted) await this.#attachAlone(caseId, ofCase);
    const { imported, known, attached, failed } = this.#counts;
    if (imported + known + attached === 0 && this.#firstFailure && !port.stop.aborted) return err(this.#firstFailure);
    this.#tellProgress(imported + known);
    return ok({ importedCount: imported, alreadyImportedCount: known, attachedCount: attached, failedCount: failed });
  }

  async #importSource(source: Source, knowledge: Knowledge, { ofSource }: LabelInputs): Promise<void> {
    const { found, memory, port, input } = this.parts;
    const parts = source.kind === 'volume' ? (await Promise.all(source.files.map(partPathsOf))).flat() : [];
    const files = found.filesOf([...source.files, ...parts]);
    const inputs = ofSource.get(source) ?? [];
    const dataset = source.kind === 'volume' ? { segments: source.segments, rules: source.labelRules } : NO_DATASET;
    const twin = knowledge?.newCount === 0 ? knowledge.caseId : this.#known.byKey(memory.imageKey(files) ?? '');
    if (twin !== undefined) return this.#meetAgain(source, twin, inputs, dataset);
    const loaded = await this.#load(source);
    if (!loaded || port.stop.aborted) return;
    memory.rememberImage(files, loaded.sourceKey);
    const twinOnceRead = this.#known.byKey(loaded.sourceKey);
    if (twinOnceRead !== undefined) return this.#meetAgain(source, twinOnceRead, inputs, dataset);
    const grown: AppError[] = knowledge ? [{ code: 'import/series-grown', path: source.path, ...knowledge }] : [];
    const { joined, warnings: labelWarnings } = await this.#labels(inputs, { grid: loaded.sourceGrid, isPlaced: loaded.isPlaced }, dataset);
    if (port.stop.aborted) return;
    const warnings = [...grown, ...loaded.warnings, ...labelWarnings].map((warning) => found.shown.error(warning));
    const caseId = uniqueCaseId(source.baseName, this.parts.takenNames);
    const subject = this.parts.subjects.get(source.baseName) ?? loaded.subject ?? caseId;
    const item = await writeCase(
      {
        caseId,
        source: { ...source, path: found.shown.text(source.path) },
        loaded: { ...loaded, warnings },
        labels: joined,
        importedLabels: joined ? await this.#hashesOf(joined.paths) : [],
        subject,
        isDraft: inputs.some(({ isDraft }) => isDraft),
      },
      input.casesFolder,
    );
    this.#known.add(item.sourceKey, caseId);
    item.warnings.forEach((warning) => this.#tellProblem(warning));
    port.tell({ type: 'item', item });
    this.#counts.imported++;
  }

  /** The image is there; a segmentation that has come since becomes a revision. */
  async #meetAgain(source: Source, caseId: CaseId, inputs: readonly LabelInput[], dataset: DatasetLegend): Promise<void> {
    this.#counts.known++;
    this.#tellProblem({ code: 'import/already-imported', path: source.path, caseId });
    await this.#attach(caseId, inputs, dataset);
  }

  async #attachAlone(caseId: CaseId, inputs: readonly LabelInput[]): Promise<void> {
    const outcome = await this.#attach(caseId, inputs, NO_DATASET);
    if (outcome !== 'known') return;
    this.#counts.known++;
    this.#tellProblem({ code: 'import/already-imported', path: inputs[0]!.path, caseId });
  }

  /** `known`: nothing new among `inputs`. What was there before stays, and stays accepted. */
  async #attach(caseId: CaseId, inputs: readonly LabelInput[], dataset: DatasetLegend): Promise<'attached' | 'known' | 'refused'> {
    const existing = this.#existing.get(caseId);
    if (inputs.length === 0 || !existing?.sourceGrid) return 'known';
    const folder = join(this.parts.input.casesFolder, caseId);
    const record = await readImportedLabels(folder);
    if (record === null && existing.hasImportedLabels) return 'known';
    const hashes = await this.#hashesOf(inputs.map(({ path }) => path));
    // a record without a revision: the program ended between the two
    if (existing.labelSha256s.length > 0 && hashes.every((hash) => record?.has(hash))) return 'known';
    const { joined, warnings } = await this.#labels(inputs, { grid: existing.sourceGrid, isPlaced: true }, dataset);
    for (const warning of warnings) {
      if (joined) this.#tellProblem(warning);
      else this.#fail(warning);
    }
    if (!joined) return 'refused';
    const { grid, voxels } = toCanonical(joined.voxels, existing.sourceGrid);
    const labels = labelsOfType(voxels, labelTypeOf(joined.segments));
    const isNew = !existing.labelSha256s.includes(sha256Of(labels));
    if (isNew) {
      const labelFile = join(folder, 'labels', `${PENDING_PREFIX}${randomBytes(6).toString('hex')}.nii.gz`);
      await mkdir(dirname(labelFile), { recursive: true });
      const { sha256 } = await writeLabelmap(labelFile, grid, labels);
      const { rules, segments } = joined;
      const item: ImportedLabels = {
        kind: 'importedLabels',
        caseId,
        labelFile,
        labelSha256: sha256,
        isDraft: inputs.some(({ isDraft }) => isDraft),
        segments: [...segments],
        ...(rules ? { labelRules: rules } : {}),
      };
      this.parts.port.tell({ type: 'item', item });
      this.#counts.attached++;
    }
    await writeImportedLabels(folder, [...(record ?? []), ...(await this.#hashesOf(joined.paths))]);
    return isNew ? 'attached' : 'known';
  }

  /** Those that can be read, as one map; `null` when there is none. */
  async #labels(
    inputs: readonly LabelInput[],
    image: ImagePlace,
    dataset: DatasetLegend,
  ): Promise<{ joined: JoinedLabels | null; warnings: readonly AppError[] }> {
    const maps: ReadLabels[] = [];
    const failures: AppError[] = [];
    for (const { path, object, warning } of inputs) {
      try {
        const map = object
          ? await readSegmentationObject(object, image.grid, this.parts.input.overlaps)
          : await readLabelFile(path, image, this.parts.input.overlaps);
        maps.push(warning ? { ...map, warnings: [warning, ...map.warnings] } : map);
      } catch (thrown) {
        const error = toAppError(asReadError(thrown, path), path);
        if (!error.code.startsWith('import/')) throw thrown;
        failures.push(error);
      }
    }
    if (maps.length === 0) return { joined: null, warnings: failures };
    const joined = joinLabels(maps, this.#legend, dataset);
    return { joined, warnings: [...joined.warnings, ...failures] };
  }

  #hashesOf(paths: readonly string[]): Promise<string[]> {
    const { found, memory } = this.parts;
    return Promise.all(
      paths.map((path) => {
        const [facts] = found.filesOf([path]);
        return facts ? memory.sha256(facts.path, facts, () => sha256OfFile(path)) : sha256OfFile(path);
      }),
    );
  }

  async #load(source: Source): Promise<LoadedSource | null> {
    try {
      return await loadSource(source, { stop: this.parts.port.stop, pet: this.parts.input.pet });
    } catch (thrown) {
      if (!(thrown instanceof AppException)) throw thrown;
      this.#fail(thrown.error);
      return null;
    }
  }

  #fail(error: AppError): void {
    this.#firstFailure ??= this.parts.found.shown.error(error);
    this.#counts.failed++;
    this.#tellProblem(error);
  }

  #tellProblem(error: AppError): void {
    this.parts.port.tell({ type: 'problem', error: this.parts.found.shown.error(error) });
  }

  #tellProgress(done: number): void {
    this.parts.port.tell({ type: 'progress', progress: { phase: 'reading', done, total: this.parts.found.sources.length } });
  }
}

const NO_DATASET: DatasetLegend = { segments: [], rules: undefined };
