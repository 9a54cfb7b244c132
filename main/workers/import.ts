/** Imports files and folders into case folders of a project. Each case appears whole or not at all. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppException, err, ok, toAppError, type AppError, type Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { ImportTask } from '../contract/tasks.ts';
import { loadSource, type LoadedSource } from '../dataset/loadSource.ts';
import { IMPORTING_PREFIX } from '../dataset/projectFolder.ts';
import { ScanMemory } from '../dataset/scanMemory.ts';
import type { Source } from '../dataset/source.ts';
import { scanSources, type FoundSources } from '../dataset/sourceScan.ts';
import { readSubjectsFile, subjectsBeside, type Subjects } from '../dataset/subjectsFile.ts';
import { uniqueCaseId, writeCase } from './importCase.ts';
import { KnownCases } from './knownCases.ts';

/**
 * Tells an `importedCase` item per case and a `problem` for everything left out or doubtful. Fails when nothing could be
 * imported (with the first reason), and at once when the project's disk is full or refuses; finished cases stay.
 */
export async function runImport(input: ImportTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  const memory = input.memoryFile === undefined ? new ScanMemory() : await ScanMemory.read(input.memoryFile);
  try {
    await mkdir(input.casesFolder, { recursive: true });
    return await importAll(input, port, memory);
  } catch (thrown) {
    return err(toAppError(thrown, input.casesFolder));
  } finally {
    await keep(memory, input, port);
  }
}

async function importAll(input: ImportTask, port: JobPort, memory: ScanMemory): Promise<Result<Record<string, unknown>>> {
  const unpackFolder = join(input.casesFolder, `${IMPORTING_PREFIX}archives`);
  try {
    const names = await takenNames(input);
    const found = await scanSources(input.paths, { tell: (news) => port.tell(news), stop: port.stop, unpackFolder, memory });
    const subjects = await (input.subjectsFile ? readSubjectsFile(input.subjectsFile) : subjectsBeside(found.sources));
    return await new Importer(input, port, found, memory, subjects, names).run();
  } finally {
    await rm(unpackFolder, { recursive: true, force: true });
  }
}

/** What was learnt only saves time; the import is as good without it. */
async function keep(memory: ScanMemory, { memoryFile }: ImportTask, port: JobPort): Promise<void> {
  if (memoryFile === undefined) return;
  try {
    await memory.write(memoryFile);
  } catch (thrown) {
    port.tell({ type: 'problem', error: toAppError(thrown, memoryFile) });
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

class Importer {
  readonly #known: KnownCases;
  #firstFailure: AppError | undefined;
  #failedCount = 0;
  #importedCount = 0;
  #knownCount = 0;

  constructor(
    private readonly input: ImportTask,
    private readonly port: JobPort,
    private readonly found: FoundSources,
    private readonly memory: ScanMemory,
    private readonly subjects: Subjects,
    private readonly takenNames: Set<string>,
  ) {
    this.#known = new KnownCases(input.existing, input.casesFolder);
  }

  async run(): Promise<Result<Record<string, unknown>>> {
    const { sources } = this.found;
    for (const problem of this.found.problems) this.#fail(problem);
    for (const { path, summary } of this.found.segmentations) this.#fail({ code: 'import/unsupported', path, detail: `${summary.content}, not a volume to segment` });
    for (const [index, source] of sources.entries()) {
      if (this.port.stop.aborted) break;
      this.#tellProgress(index);
      await this.#importSource(source);
    }
    if (this.#importedCount === 0 && this.#knownCount === 0 && this.#firstFailure && !this.port.stop.aborted) return err(this.#firstFailure);
    this.#tellProgress(this.#importedCount + this.#knownCount);
    return ok({ importedCount: this.#importedCount, alreadyImportedCount: this.#knownCount, failedCount: this.#failedCount });
  }

  async #importSource(source: Source): Promise<void> {
    const { found, memory } = this;
    const files = found.filesOf(source.files);
    const knowledge = source.kind === 'dicom' ? await this.#known.ofStack(source) : null;
    const twin = knowledge?.newCount === 0 ? knowledge.caseId : this.#known.byKey(memory.imageKey(files) ?? '');
    if (twin !== undefined) return this.#tellKnown(source, twin);
    const loaded = await this.#load(source);
    if (!loaded || this.port.stop.aborted) return;
    memory.rememberImage(files, loaded.sourceKey);
    const twinOnceRead = this.#known.byKey(loaded.sourceKey);
    if (twinOnceRead !== undefined) return this.#tellKnown(source, twinOnceRead);
    const grown: AppError[] = knowledge ? [{ code: 'import/series-grown', path: source.path, ...knowledge }] : [];
    const warnings = [...grown, ...loaded.warnings].map((warning) => found.shown.error(warning));
    const shownSource = { ...source, path: found.shown.text(source.path) };
    const caseId = uniqueCaseId(source.baseName, this.takenNames);
    const item = await writeCase(caseId, shownSource, { ...loaded, warnings }, this.input, this.subjects);
    this.#known.add(item.sourceKey, caseId);
    item.warnings.forEach((warning) => this.#tellProblem(warning));
    this.port.tell({ type: 'item', item });
    this.#importedCount++;
  }

  async #load(source: Source): Promise<LoadedSource | null> {
    try {
      return await loadSource(source, { stop: this.port.stop });
    } catch (thrown) {
      if (!(thrown instanceof AppException)) throw thrown;
      this.#fail(thrown.error);
      return null;
    }
  }

  #tellKnown(source: Source, caseId: ReturnType<KnownCases['byKey']> & string): void {
    this.#knownCount++;
    this.#tellProblem({ code: 'import/already-imported', path: source.path, caseId });
  }

  #fail(error: AppError): void {
    this.#firstFailure ??= error;
    this.#failedCount++;
    this.#tellProblem(error);
  }

  #tellProblem(error: AppError): void {
    this.port.tell({ type: 'problem', error: this.found.shown.error(error) });
  }

  #tellProgress(done: number): void {
    this.port.tell({ type: 'progress', progress: { phase: 'reading', done, total: this.found.sources.length } });
  }
}
