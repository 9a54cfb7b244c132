/** One case into its folder: written under a temporary name, renamed when whole. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppException, toAppError } from '../contract/errors.ts';
import { labelsOfType, labelTypeOf } from '../contract/labelType.ts';
import type { ImportedCase, StoredImage } from '../contract/tasks.ts';
import { CaseId, type Grid } from '../contract/vocabulary.ts';
import { syncFolder, writeFileAtomic } from '../dataset/atomicFile.ts';
import type { JoinedLabels } from '../dataset/read/joinLabels.ts';
import type { LoadedSource } from '../dataset/read/loadSource.ts';
import { IMPORTING_PREFIX } from '../dataset/projectFolder.ts';
import type { Source } from '../dataset/scan/source.ts';
import { writeLabelmap, writeStoredChannel } from '../dataset/storedVolume.ts';
import { voxelTypeOf } from '../formats/nifti/writeNifti.ts';
import { toCanonical } from '../imaging/orientation.ts';
import { writeImportedLabels } from './importedLabels.ts';
import { DICOM_REFERENCE_FILE } from '../dataset/scan/knownCases.ts';

const FIRST_LABELMAP = join('labels', 'r0001.nii.gz');

/** `baseName` with foreign characters replaced, numbered when taken; compared without case, as some file systems do. */
export function uniqueCaseId(baseName: string, taken: Set<string>): CaseId {
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

export interface NewCase {
  readonly caseId: CaseId;
  /** Its path as the user knows it. */
  readonly source: Source;
  readonly loaded: LoadedSource;
  readonly labels: JoinedLabels | null;
  /** SHA-256 of the files that `labels` came from. */
  readonly importedLabels: readonly string[];
  readonly subject: string;
  /** `labels` were drawn by a model, and nobody has looked at them. */
  readonly isDraft: boolean;
}

/** On failure nothing remains. */
export async function writeCase({ caseId, source, loaded, labels, importedLabels, subject, isDraft }: NewCase, casesFolder: string): Promise<ImportedCase> {
  const temporary = join(casesFolder, `${IMPORTING_PREFIX}${caseId}`);
  const folder = join(casesFolder, caseId);
  const channelNames = loaded.channels.map((_, n) => `image_${String(n).padStart(4, '0')}.nii`);
  try {
    await mkdir(temporary);
    const fileSha256s: string[] = [];
    for (const [n, { grid, voxels }] of loaded.channels.entries()) fileSha256s.push(await writeStoredChannel(join(temporary, channelNames[n]!), grid, voxels));
    if (loaded.dicomReference) {
      await writeFileAtomic(join(temporary, DICOM_REFERENCE_FILE), Buffer.from(JSON.stringify(loaded.dicomReference)));
    }
    let labelFacts: Pick<ImportedCase, 'labelFile' | 'labelSha256' | 'segments' | 'labelRules'> = {};
    if (labels) {
      const sha256 = await writeFirstLabels(temporary, labels, loaded.sourceGrid);
      await writeImportedLabels(temporary, importedLabels);
      labelFacts = {
        labelFile: join(folder, FIRST_LABELMAP),
        labelSha256: sha256,
        segments: [...labels.segments],
        ...(labels.rules ? { labelRules: labels.rules } : {}),
      };
    }
    if (existsSync(folder)) throw new Error(`${folder} exists already`);
    await rename(temporary, folder);
    await syncFolder(casesFolder);
    return {
      kind: 'importedCase',
      caseId,
      image: storedImage(
        loaded,
        channelNames.map((name) => join(folder, name)),
        fileSha256s,
      ),
      sourceKey: loaded.sourceKey,
      sourcePath: source.path,
      sourceKind: source.kind === 'volume' ? 'nifti' : 'dicom',
      modality: loaded.modality,
      subject,
      warnings: [...loaded.warnings],
      ...labelFacts,
      isDraft: labels !== null && isDraft,
      ...(source.kind === 'volume' ? { msdTask: source.msdTask, heldOutIn: source.heldOutIn } : {}),
    };
  } catch (thrown) {
    await rm(temporary, { recursive: true, force: true });
    throw new AppException(toAppError(thrown, temporary));
  }
}

async function writeFirstLabels(caseFolder: string, { voxels, segments }: JoinedLabels, sourceGrid: Grid): Promise<string> {
  await mkdir(join(caseFolder, 'labels'));
  const canonical = toCanonical(voxels, sourceGrid);
  const labels = labelsOfType(canonical.voxels, labelTypeOf(segments));
  return (await writeLabelmap(join(caseFolder, FIRST_LABELMAP), canonical.grid, labels)).sha256;
}

function storedImage(loaded: LoadedSource, files: string[], fileSha256s: string[]): StoredImage {
  const [first] = loaded.channels;
  return {
    files,
    voxelType: voxelTypeOf(first!.voxels),
    grid: first!.grid,
    sourceGrid: loaded.sourceGrid,
    channelNames: [...loaded.channelNames],
    fileSha256s,
  };
}
