/** Finds what can be imported below files and folders. Only names and DICOM headers are read here; see `loadSource.ts`. */
import { existsSync } from 'node:fs';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { AppException, toAppError, type AppError } from '../../contract/errors.ts';
import type { JobNews } from '../../contract/jobs.ts';
import { ShownPaths, isArchiveName, unpackArchives } from './archives.ts';
import { dicomDirectoryFiles } from './dicomDirectoryFiles.ts';
import { groupDicomFiles, sniffDicomFile, type DicomFile } from './dicomSources.ts';
import { inParallel } from './inParallel.ts';
import { readMonaiLabelStores } from './monaiLabelStore.ts';
import { readMsdDataset, type MsdDataset } from './msdDataset.ts';
import { ScanMemory, type Sniffed } from './scanMemory.ts';
import type { Source, SourceFile } from './source.ts';
import { FILES_AT_ONCE, walkSources, type Stop, type WalkedFolder } from './sourceWalk.ts';
import { uniqueDicomFiles } from './uniqueDicomFiles.ts';
import { isVolumePart, pairVolumeFiles } from './volumeSources.ts';
import { sha256OfFile } from '../sha256OfFile.ts';

export interface ScanOptions {
  readonly tell?: (news: JobNews) => void;
  readonly stop?: Stop;
  /** Where zip archives are unpacked, a folder that the caller removes; without it they are refused. */
  readonly unpackFolder?: string;
  /** What earlier scans learnt; learns. */
  readonly memory?: ScanMemory;
}

export interface FoundSources {
  /** Base names are unique. */
  readonly sources: readonly Source[];
  /** SEG and RTSTRUCT objects. */
  readonly segmentations: readonly DicomFile[];
  /** Label maps in volume files without an image in a volume file. */
  readonly orphans: readonly string[];
  readonly problems: readonly AppError[];
  /** The user's names for paths below the unpack folder. `problems` have them already, sources and segmentations do not. */
  readonly shown: ShownPaths;
  /** As they lay there when they were found. */
  readonly filesOf: (paths: readonly string[]) => SourceFile[];
}

/** Volume formats of other programs, so that their files are named instead of passed over. */
const OTHER_FORMATS: Readonly<Record<string, string>> = { '.mgh': 'FreeSurfer MGH', '.mgz': 'FreeSurfer MGH', '.mnc': 'MINC' };

/**
 * Sources below `paths` and a problem for everything that is clearly meant as a study and cannot be one; a path that
 * yields neither gives `import/nothing-found`. Other files (texts, pictures) are passed over. Stops early on `stop`.
 */
export async function scanSources(paths: readonly string[], options: ScanOptions = {}): Promise<FoundSources> {
  const { tell, stop = { aborted: false }, memory = new ScanMemory() } = options;
  const tellFound = (done: number) => tell?.({ type: 'progress', progress: { phase: 'scanning', done, total: 0 } });
  const walk = await walkSources(paths, tellFound, stop);
  const unpacked = await unpackArchives(walk, options.unpackFolder, tellFound, stop);
  const shown = new ShownPaths(unpacked.roots);
  const folders = [...walk.folders, ...unpacked.folders];
  const problems: AppError[] = [...walk.problems, ...unpacked.problems];
  const files = new Map(folders.flatMap(({ folder, files: names }) => names.map((file) => sourceFile(folder, file))).map((file) => [file.path, file]));

  const sniffer = new Sniffer(memory, shown, walk.namedFiles, stop, tellFound);
  const datasets = await readDatasets(folders, problems);
  const volumes = pairVolumeFiles(folders, datasets, await readMonaiLabelStores(folders, problems));
  const sniffed = await sniffer.sniffAll([...files.values()].filter(mayBeDicom));
  const directories = await readDirectories(sniffed.dicom, files, problems);
  const listed = await sniffer.sniffAll(directories.further);
  for (const file of listed.dicom) files.set(file.path, file);
  const unique = await uniqueDicomFiles([...sniffed.dicom, ...listed.dicom], (file) =>
    memory.sha256(shown.text(file.path), file, () => sha256OfFile(file.path)),
  );
  const dicom = groupDicomFiles(unique.files);
  problems.push(...sniffed.problems, ...listed.problems, ...unique.problems, ...volumes.problems, ...dicom.problems);
  const sources = withUniqueNames([...volumes.sources, ...dicom.sources]);
  const shownProblems = problems.map((problem) => shown.error(problem));
  const foundFiles = [
    ...sources.flatMap((source) => source.files),
    ...dicom.segmentations.map(({ path }) => path),
    ...volumes.orphans,
    ...directories.fruitful,
  ].map((path) => shown.text(path));
  if (!stop.aborted) shownProblems.push(...emptyPaths(paths, foundFiles, shownProblems));
  const filesOf = (wanted: readonly string[]) =>
    wanted.flatMap((path) => {
      const file = files.get(path);
      return file ? [{ ...file, path: shown.text(path) }] : [];
    });
  return { sources, segmentations: dicom.segmentations, orphans: volumes.orphans, problems: shownProblems, shown, filesOf };
}

const sourceFile = (folder: string, { name, bytes, modifiedMs }: { name: string; bytes: number; modifiedMs: number }): SourceFile => ({
  path: join(folder, name),
  bytes,
  modifiedMs,
});

/** `dataset.json` by folder, for folders with `imagesTr` or `imagesTs` among those walked. */
async function readDatasets(folders: readonly WalkedFolder[], problems: AppError[]): Promise<Map<string, MsdDataset>> {
  const datasets = new Map<string, MsdDataset>();
  const roots = new Set(folders.filter(({ folder }) => /^images(Tr|Ts)$/.test(basename(folder))).map(({ folder }) => dirname(folder)));
  for (const root of roots) {
    const path = join(root, 'dataset.json');
    if (!existsSync(path)) continue;
    try {
      datasets.set(root, await readMsdDataset(path));
    } catch (thrown) {
      problems.push(toAppError(thrown, path));
    }
  }
  return datasets;
}

function mayBeDicom({ path }: SourceFile): boolean {
  const name = basename(path);
  return !isVolumePart(name) && !isArchiveName(name) && name !== 'dataset.json';
}

interface DicomDirectories {
  /** Files that the walk has not met: a DICOMDIR alone was given. */
  readonly further: readonly SourceFile[];
  /** Those that name a file that is there. */
  readonly fruitful: readonly string[];
}

/** What the DICOMDIRs among `dicom` name; files that are missing are a problem. */
async function readDirectories(dicom: readonly DicomFile[], known: ReadonlyMap<string, SourceFile>, problems: AppError[]): Promise<DicomDirectories> {
  const further = new Map<string, SourceFile>();
  const fruitful: string[] = [];
  for (const { path } of dicom.filter(({ summary }) => summary.content === 'index')) {
    const named = await dicomDirectoryFiles(path);
    problems.push(...named.problems);
    if (named.present.length > 0) fruitful.push(path);
    for (const { folder, file } of named.present) if (!known.has(join(folder, file.name))) further.set(join(folder, file.name), sourceFile(folder, file));
  }
  return { further: [...further.values()], fruitful };
}

interface SniffedFiles {
  readonly dicom: readonly DicomFile[];
  readonly problems: readonly AppError[];
}

class Sniffer {
  #looked = 0;

  constructor(
    private readonly memory: ScanMemory,
    private readonly shown: ShownPaths,
    private readonly namedFiles: ReadonlySet<string>,
    private readonly stop: Stop,
    private readonly tellFound: (count: number) => void,
  ) {}

  /** In the order of `files`. */
  async sniffAll(files: readonly SourceFile[]): Promise<SniffedFiles> {
    const found = await inParallel(files, FILES_AT_ONCE, async (file) => {
      if (this.stop.aborted) return null;
      if (++this.#looked % 100 === 0) this.tellFound(this.#looked);
      const sniffed = await this.#sniff(file);
      if (sniffed === null) return this.namedFiles.has(file.path) ? unknownKind(file.path) : null;
      return 'summary' in sniffed ? { ...file, ...sniffed } : sniffed;
    });
    return {
      dicom: found.filter((one): one is DicomFile => one !== null && 'summary' in one),
      problems: found.filter((one): one is AppError => one !== null && 'code' in one),
    };
  }

  /** What the file system refuses now is asked again next time. */
  async #sniff(file: SourceFile): Promise<Sniffed> {
    try {
      const sniffed = await this.memory.sniffed(this.shown.text(file.path), file, () => sniffFile(file));
      return sniffed !== null && 'path' in sniffed ? { ...sniffed, path: file.path } : sniffed;
    } catch (thrown) {
      return asProblem(file.path, thrown);
    }
  }
}

const asProblem = (path: string, thrown: unknown): AppError => ({
  code: 'import/unreadable',
  path,
  detail: thrown instanceof Error ? thrown.message : String(thrown),
});
const unknownKind = (path: string): AppError => ({ code: 'import/unsupported', path, detail: 'neither NIfTI, NRRD, MetaImage nor DICOM' });

/** Rejects with errno errors. */
async function sniffFile({ path, bytes }: SourceFile): Promise<Sniffed> {
  const extension = extname(path.replace(/\.gz$/i, '')).toLowerCase();
  const format = OTHER_FORMATS[extension];
  if (format) return { code: 'import/unsupported', path, detail: `${format} file` };
  const isCalledDicom = ['.dcm', '.dicom', '.ima'].includes(extension) || basename(path).toUpperCase() === 'DICOMDIR';
  try {
    const file = await sniffDicomFile(path, bytes);
    return file ?? (isCalledDicom ? { code: 'import/unreadable', path, detail: 'not a DICOM file' } : null);
  } catch (thrown) {
    if (thrown instanceof AppException) return thrown.error;
    throw thrown;
  }
}

function withUniqueNames(sources: readonly Source[]): Source[] {
  const taken = new Set<string>();
  return sources.map((source) => {
    let baseName = source.baseName;
    for (let n = 2; taken.has(baseName.toLowerCase()); n++) baseName = `${source.baseName}_${n}`;
    taken.add(baseName.toLowerCase());
    return { ...source, baseName };
  });
}

function emptyPaths(paths: readonly string[], found: readonly string[], problems: readonly AppError[]): AppError[] {
  const mentioned = [...found, ...problems.flatMap((problem) => ('path' in problem ? [problem.path] : []))];
  const empty = paths.filter((given) => {
    const path = resolve(given);
    return !mentioned.some((other) => other === path || other.startsWith(path.endsWith(sep) ? path : path + sep));
  });
  return empty.length > 0 ? [{ code: 'import/nothing-found', paths: empty }] : [];
}
