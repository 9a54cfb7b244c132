/** Which segmentations of an import belong to which image: of the files found, or of a case of the project. */
import { join } from 'node:path';
import { AppException, type AppError } from '../../contract/errors.ts';
import type { ImportTask } from '../../contract/tasks.ts';
import type { CaseId, Grid } from '../../contract/vocabulary.ts';
import type { DicomFile } from './dicomSources.ts';
import type { DicomSource, Source } from './source.ts';
import type { FoundSources } from './sourceScan.ts';
import { matchSegmentation, type ExtentLpsMm, type MatchableImage, type SegmentationMatch } from './segmentationMatch.ts';
import { readVolumeFile } from '../read/volumeFile.ts';
import type { DicomReference } from '../../formats/dicom/dicomReference.ts';
import type { SegmentationHeader } from '../../formats/dicom/segmentationHeader.ts';
import { ijkToLps } from '../../imaging/grid.ts';
import { readDicomReference } from './knownCases.ts';

/** One segmentation to be read for an image. */
export interface LabelInput {
  readonly path: string;
  /** Absent for a label map in a volume file. */
  readonly object?: DicomFile;
  /** Sorts as text; '' when nothing says. */
  readonly writtenAt: string;
  /** How it was attached, where that is doubtful. */
  readonly warning?: AppError;
  /** A model drew it, and nobody has looked at it yet. */
  readonly isDraft?: boolean;
}

export interface LabelInputs {
  /** Newest first. */
  readonly ofSource: ReadonlyMap<Source, readonly LabelInput[]>;
  readonly ofCase: ReadonlyMap<CaseId, readonly LabelInput[]>;
  readonly problems: readonly AppError[];
}

type ExistingCase = ImportTask['existing'][number];
type Image = MatchableImage & ({ readonly source: DicomSource } | { readonly caseId: CaseId });

/** `cases`: those that are not among the sources. */
export async function labelInputs(found: FoundSources, cases: readonly ExistingCase[], casesFolder: string): Promise<LabelInputs> {
  const ofSource = new Map<Source, LabelInput[]>();
  const ofCase = new Map<CaseId, LabelInput[]>();
  const problems: AppError[] = [];
  for (const source of found.sources) {
    if (source.kind === 'volume' && source.labelFile !== undefined)
      ofSource.set(source, [{ path: source.labelFile, writtenAt: '', isDraft: source.isDraft ?? false }]);
  }
  if (found.segmentations.length > 0 || found.orphans.length > 0) {
    const images = [...found.sources.flatMap(imageOfSource), ...(await imagesOfCases(cases, casesFolder))];
    const take = (match: SegmentationMatch<Image> | AppError, input: LabelInput) => {
      if (!('image' in match)) return void problems.push(match);
      const { image, warning } = match;
      const inputs = 'source' in image ? (ofSource.get(image.source) ?? []) : (ofCase.get(image.caseId) ?? []);
      inputs.push(warning ? { ...input, warning } : input);
      if ('source' in image) ofSource.set(image.source, inputs);
      else ofCase.set(image.caseId, inputs);
    };
    for (const object of found.segmentations) {
      const header = object.segmentation!;
      take(matchSegmentation({ path: object.path, header }, images), { path: object.path, object, writtenAt: header.writtenAt });
    }
    for (const path of found.orphans) {
      const header = images.length === 0 ? null : await headerOfFile(path);
      if (header) take(orphanMatch(path, header, images), { path, writtenAt: header.writtenAt });
      else problems.push({ code: 'import/label-without-image', path });
    }
  }
  for (const inputs of [...ofSource.values(), ...ofCase.values()]) inputs.sort((a, b) => (a.writtenAt < b.writtenAt ? 1 : a.writtenAt > b.writtenAt ? -1 : 0));
  return { ofSource, ofCase, problems };
}

function orphanMatch(path: string, header: SegmentationHeader, images: readonly Image[]): SegmentationMatch<Image> | AppError {
  const match = matchSegmentation({ path, header }, images);
  return 'image' in match ? match : { code: 'import/label-without-image', path };
}

function imageOfSource(source: Source): Image[] {
  if (source.kind !== 'dicom') return [];
  const { seriesUid, frameOfReferenceUid, patientId, extentLpsMm, imageKeys, files } = source;
  const sopInstanceUids = new Set(imageKeys.map((key) => key.split('#')[0]!));
  return [{ source, seriesUid, frameOfReferenceUid, patientId, extentLpsMm, sopInstanceUids, path: files[0]! }];
}

async function imagesOfCases(cases: readonly ExistingCase[], casesFolder: string): Promise<Image[]> {
  const images: Image[] = [];
  for (const { caseId, sourceGrid } of cases) {
    const reference = await readDicomReference(join(casesFolder, caseId));
    if (!reference) continue;
    images.push({
      caseId,
      seriesUid: textOf(reference, '0020000E'),
      frameOfReferenceUid: textOf(reference, '00200052'),
      patientId: textOf(reference, '00100020'),
      sopInstanceUids: new Set(reference.images.map(({ sopInstanceUid }) => sopInstanceUid)),
      extentLpsMm: sourceGrid && extentOfGrid(sourceGrid),
      path: '',
    });
  }
  return images;
}

const textOf = ({ attributes }: DicomReference, tag: string): string => {
  const value = attributes[tag]?.Value?.[0];
  return typeof value === 'string' ? value.trim() : '';
};

function extentOfGrid(grid: Grid): ExtentLpsMm {
  const [ni, nj, nk] = grid.dimsIjk;
  const corners = [0, ni - 1].flatMap((i) => [0, nj - 1].flatMap((j) => [0, nk - 1].map((k) => ijkToLps(grid, [i, j, k]))));
  const along = (axis: number) => corners.map((corner) => corner[axis]!);
  return [[0, 1, 2].map((axis) => Math.min(...along(axis))), [0, 1, 2].map((axis) => Math.max(...along(axis)))];
}

/** What a label map in a volume file says of its place; `null` when it cannot be read or names none. */
async function headerOfFile(path: string): Promise<SegmentationHeader | null> {
  try {
    const { grid, warnings } = await readVolumeFile(path);
    if (warnings.some(({ code }) => code === 'import/orientation-assumed')) return null;
    return {
      kind: 'seg',
      sopInstanceUid: '',
      patientId: '',
      writtenAt: '',
      seriesUids: [],
      sopInstanceUids: [],
      frameOfReferenceUids: [],
      extentLpsMm: extentOfGrid(grid),
    };
  } catch (thrown) {
    if (thrown instanceof AppException) return null;
    throw thrown;
  }
}
