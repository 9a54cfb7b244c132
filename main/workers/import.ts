/** Imports files and folders into case folders of a project. Each case appears whole or not at all. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppException, err, ok, toAppError, type AppError, type Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import { labelsOfType, labelTypeOf } from '../contract/labelType.ts';
import type { ImportedCase, ImportTask, StoredImage } from '../contract/tasks.ts';
import { CaseId, type Segment } from '../contract/vocabulary.ts';
import { syncFolder } from '../dataset/atomicFile.ts';
import { defaultSegment } from '../dataset/defaultColors.ts';
import { IMPORTING_PREFIX } from '../dataset/projectFolder.ts';
import { loadSource, type LoadedSource } from '../dataset/loadSource.ts';
import type { Source } from '../dataset/source.ts';
import { scanSources } from '../dataset/sourceScan.ts';
import { readSubjectsFile, subjectsBeside, type Subjects } from '../dataset/subjectsFile.ts';
import { writeLabelmap, writeStoredChannel } from '../dataset/storedVolume.ts';
import { voxelTypeOf } from '../formats/nifti/writeNifti.ts';
import { labelValuesIn } from '../imaging/labelVoxels.ts';

const FIRST_LABELMAP = join('labels', 'r0001.nii.gz');

/**
 * Tells an `importedCase` item per case and a `problem` for everything left out or doubtful. Fails when nothing could be
 * imported (with the first reason), and at once when the project's disk is full or refuses; finished cases stay.
 */
export async function runImport(input: ImportTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  const tellProblem = (error: AppError) => port.tell({ type: 'problem', error });
  try {
    await mkdir(input.casesFolder, { recursive: true });
    const names = await takenNames(input);
    const { sources, problems } = await scanSources(input.paths, (news) => port.tell(news), port.stop);
    problems.forEach(tellProblem);
    const subjects = await (input.subjectsFile ? readSubjectsFile(input.subjectsFile) : subjectsBeside(sources));
    const known = new Map(input.existing.map(({ sourceKey, caseId }) => [sourceKey, caseId]));
    const failures = [...problems];
    let importedCount = 0;
    let knownCount = 0;
    for (const [index, source] of sources.entries()) {
      if (port.stop.aborted) break;
      port.tell({ type: 'progress', progress: { phase: 'reading', done: index, total: sources.length } });
      const loaded = await tryLoad(source);
      if (!loaded.ok) {
        failures.push(loaded.error);
        tellProblem(loaded.error);
        continue;
      }
      const twin = known.get(loaded.value.sourceKey);
      if (twin !== undefined) {
        knownCount++;
        tellProblem({ code: 'import/already-imported', path: source.path, caseId: twin });
        continue;
      }
      const caseId = uniqueCaseId(source.baseName, names);
      const item = await writeCase(caseId, source, loaded.value, input, subjects);
      known.set(item.sourceKey, caseId);
      item.warnings.forEach(tellProblem);
      port.tell({ type: 'item', item });
      importedCount++;
    }
    const [reason] = failures;
    if (importedCount === 0 && knownCount === 0 && reason && !port.stop.aborted) return err(reason);
    port.tell({
      type: 'progress',
      progress: { phase: 'reading', done: importedCount + knownCount, total: sources.length },
    });
    return ok({ importedCount, alreadyImportedCount: knownCount, failedCount: failures.length });
  } catch (thrown) {
    return err(toAppError(thrown, input.casesFolder));
  }
}

async function tryLoad(source: Source): Promise<Result<LoadedSource>> {
  try {
    return ok(await loadSource(source));
  } catch (thrown) {
    if (thrown instanceof AppException) return err(thrown.error);
    throw thrown;
  }
}

/** Lower-case ids that are in use; clears away what an interrupted import left. */
async function takenNames(input: ImportTask): Promise<Set<string>> {
  const entries = await readdir(input.casesFolder);
  for (const name of entries.filter((entry) => entry.startsWith(IMPORTING_PREFIX))) {
    await rm(join(input.casesFolder, name), { recursive: true, force: true });
  }
  return new Set([...entries, ...input.existing.map(({ caseId }) => caseId)].map((name) => name.toLowerCase()));
}

/** `baseName` with foreign characters replaced, numbered when taken; compared without case, as some file systems do. */
function uniqueCaseId(baseName: string, taken: Set<string>): CaseId {
  const clean = baseName
    .normalize('NFKD')
    .replace(/[̀-ͯ]/g, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[-.]+$/g, '')
    .slice(0, 100);
  const stem = clean === '' ? 'case' : clean;
  let name = stem;
  for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${stem}-${n}`;
  taken.add(name.toLowerCase());
  return CaseId.parse(name);
}

/** Writes the case under a temporary name and renames it. On failure nothing remains. */
async function writeCase(
  caseId: CaseId,
  source: Source,
  loaded: LoadedSource,
  input: ImportTask,
  subjects: Subjects,
): Promise<ImportedCase> {
  const temporary = join(input.casesFolder, `${IMPORTING_PREFIX}${caseId}`);
  const folder = join(input.casesFolder, caseId);
  const channelNames = loaded.channels.map((_, n) => `image_${String(n).padStart(4, '0')}.nii`);
  const segments = segmentsOf(loaded, input.legend);
  try {
    await mkdir(temporary);
    for (const [n, { grid, voxels }] of loaded.channels.entries())
      await writeStoredChannel(join(temporary, channelNames[n]!), grid, voxels);
    let labelSha256: string | undefined;
    if (loaded.label) {
      await mkdir(join(temporary, 'labels'));
      ({ sha256: labelSha256 } = await writeLabelmap(
        join(temporary, FIRST_LABELMAP),
        loaded.label.grid,
        labelsOfType(loaded.label.voxels, labelTypeOf(segments)),
      ));
    }
    if (existsSync(folder)) throw new Error(`${folder} exists already`);
    await rename(temporary, folder);
    await syncFolder(input.casesFolder);
    return {
      kind: 'importedCase',
      caseId,
      image: storedImage(
        loaded,
        channelNames.map((name) => join(folder, name)),
      ),
      sourceKey: loaded.sourceKey,
      sourcePath: source.path,
      sourceKind: source.kind,
      modality: loaded.modality,
      subject: subjects.get(source.baseName) ?? loaded.subject ?? caseId,
      warnings: [...loaded.warnings],
      ...(loaded.label ? { labelFile: join(folder, FIRST_LABELMAP), labelSha256, segments } : {}),
      // rules name labels, so they come with the segments
      ...(loaded.label && source.kind === 'nifti' ? { labelRules: source.labelRules } : {}),
      ...(source.kind === 'nifti' ? { msdTask: source.msdTask } : {}),
    };
  } catch (thrown) {
    await rm(temporary, { recursive: true, force: true });
    throw new AppException(toAppError(thrown, temporary));
  }
}

function storedImage(loaded: LoadedSource, files: string[]): StoredImage {
  const [first] = loaded.channels;
  return {
    files,
    voxelType: voxelTypeOf(first!.voxels),
    grid: first!.grid,
    sourceGrid: loaded.sourceGrid,
    channelNames: [...loaded.channelNames],
  };
}

/** Names from `dataset.json`, else from the project's legend, else `label 1`, … for every label that occurs or is named. */
function segmentsOf(loaded: LoadedSource, legend: readonly Segment[]): Segment[] {
  const named = new Map([...legend, ...loaded.segments].map((segment) => [segment.labelValue, segment]));
  const occurring = loaded.label ? labelValuesIn(loaded.label.voxels) : [];
  const values = new Set([...loaded.segments.map(({ labelValue }) => labelValue), ...occurring]);
  return [...values].sort((a, b) => a - b).map((value) => named.get(value) ?? defaultSegment(value));
}
