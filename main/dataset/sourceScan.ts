/** Finds what can be imported below files and folders. Only names and DICOM headers are read here; see `loadSource.ts`. */
import { existsSync } from 'node:fs';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { AppException, toAppError, type AppError } from '../contract/errors.ts';
import type { JobNews } from '../contract/jobs.ts';
import { groupDicomFiles, sniffDicomFile, type DicomFile } from './dicomSources.ts';
import { readMsdDataset, type MsdDataset } from './msdDataset.ts';
import { isNiftiName, pairNiftiFiles } from './niftiSources.ts';
import type { Source } from './source.ts';
import { walkSources, type Stop, type Walk, type WalkedFolder } from './sourceWalk.ts';

export interface FoundSources {
  /** Base names are unique. */
  readonly sources: readonly Source[];
  readonly problems: readonly AppError[];
}

/** Volume formats of other programs, so that their files are named instead of passed over. */
const OTHER_FORMATS: Readonly<Record<string, string>> = {
  '.nrrd': 'NRRD',
  '.nhdr': 'NRRD',
  '.mha': 'MetaImage',
  '.mhd': 'MetaImage',
  '.mgh': 'FreeSurfer MGH',
  '.mgz': 'FreeSurfer MGH',
  '.mnc': 'MINC',
  '.hdr': 'Analyze or NIfTI header/image pair',
};

/**
 * Sources below `paths` and a problem for everything that is clearly meant as a study and cannot be one; a path that
 * yields neither gives `import/nothing-found`. Other files (texts, pictures) are passed over. Stops early on `stop`.
 */
export async function scanSources(
  paths: readonly string[],
  tell: (news: JobNews) => void = () => undefined,
  stop: Stop = { aborted: false },
): Promise<FoundSources> {
  const tellFound = (done: number) => tell({ type: 'progress', progress: { phase: 'scanning', done, total: 0 } });
  const walk = await walkSources(paths, tellFound, stop);
  const problems: AppError[] = [...walk.problems];
  const datasets = await readDatasets(walk.folders, problems);
  const nifti = pairNiftiFiles(walk.folders, datasets);
  const dicom = groupDicomFiles(await sniffFiles(walk, problems, tellFound, stop));
  problems.push(...nifti.problems, ...dicom.problems);
  const sources = withUniqueNames([...nifti.sources, ...dicom.sources]);
  if (!stop.aborted) problems.push(...emptyPaths(paths, sources, problems));
  return { sources, problems };
}

/** `dataset.json` by folder, for folders with `imagesTr` or `imagesTs` among those walked. */
async function readDatasets(folders: readonly WalkedFolder[], problems: AppError[]): Promise<Map<string, MsdDataset>> {
  const datasets = new Map<string, MsdDataset>();
  const roots = new Set(
    folders.filter(({ folder }) => /^images(Tr|Ts)$/.test(basename(folder))).map(({ folder }) => dirname(folder)),
  );
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

async function sniffFiles(
  walk: Walk,
  problems: AppError[],
  tellFound: (count: number) => void,
  stop: Stop,
): Promise<DicomFile[]> {
  const found: DicomFile[] = [];
  let looked = 0;
  for (const { folder, names } of walk.folders) {
    for (const name of names) {
      if (stop.aborted) return found;
      if (++looked % 100 === 0) tellFound(looked);
      if (isNiftiName(name) || name === 'dataset.json') continue;
      const path = join(folder, name);
      const sniffed = await sniffFile(path, walk.namedFiles.has(path));
      if (sniffed && 'summary' in sniffed) found.push(sniffed);
      else if (sniffed) problems.push(sniffed);
    }
  }
  return found;
}

/** The DICOM file, why it is none although it should be, or `null` for a file that is no study. */
async function sniffFile(path: string, isNamedByUser: boolean): Promise<DicomFile | AppError | null> {
  const extension = extname(path.replace(/\.gz$/i, '')).toLowerCase();
  const format = OTHER_FORMATS[extension];
  if (format) return { code: 'import/unsupported', path, detail: `${format} file` };
  const isCalledDicom = ['.dcm', '.dicom', '.ima'].includes(extension);
  try {
    const file = await sniffDicomFile(path);
    if (file) return file;
    if (isCalledDicom) return { code: 'import/unreadable', path, detail: 'not a DICOM file' };
    return isNamedByUser ? { code: 'import/unsupported', path, detail: 'neither NIfTI nor DICOM' } : null;
  } catch (thrown) {
    if (thrown instanceof AppException) return thrown.error;
    return { code: 'import/unreadable', path, detail: thrown instanceof Error ? thrown.message : String(thrown) };
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

function emptyPaths(paths: readonly string[], sources: readonly Source[], problems: readonly AppError[]): AppError[] {
  const mentioned = [
    ...sources.flatMap(({ files }) => files),
    ...problems.flatMap((problem) => ('path' in problem ? [problem.path] : [])),
  ];
  const empty = paths.filter((given) => {
    const path = resolve(given);
    return !mentioned.some((other) => other === path || other.startsWith(path.endsWith(sep) ? path : path + sep));
  });
  return empty.length > 0 ? [{ code: 'import/nothing-found', paths: empty }] : [];
}
