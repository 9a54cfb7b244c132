/** One case into its folder: written under a temporary name, renamed when whole. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppException, toAppError } from '../contract/errors.ts';
import { labelsOfType, labelTypeOf } from '../contract/labelType.ts';
import type { ImportedCase, ImportTask, StoredImage } from '../contract/tasks.ts';
import { CaseId, type Segment } from '../contract/vocabulary.ts';
import { syncFolder } from '../dataset/atomicFile.ts';
import { defaultSegment } from '../dataset/defaultColors.ts';
import type { LoadedSource } from '../dataset/loadSource.ts';
import { IMPORTING_PREFIX } from '../dataset/projectFolder.ts';
import type { Source } from '../dataset/source.ts';
import type { Subjects } from '../dataset/subjectsFile.ts';
import { writeLabelmap, writeStoredChannel } from '../dataset/storedVolume.ts';
import { voxelTypeOf } from '../formats/nifti/writeNifti.ts';
import { labelValuesIn } from '../imaging/labelVoxels.ts';

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

/** On failure nothing remains. */
export async function writeCase(
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
      sourceKind: source.kind === 'volume' ? 'nifti' : 'dicom',
      modality: loaded.modality,
      subject: subjects.get(source.baseName) ?? loaded.subject ?? caseId,
      warnings: [...loaded.warnings],
      ...(loaded.label ? { labelFile: join(folder, FIRST_LABELMAP), labelSha256, segments } : {}),
      // rules name labels, so they come with the segments
      ...(loaded.label && source.kind === 'volume' ? { labelRules: source.labelRules } : {}),
      ...(source.kind === 'volume' ? { msdTask: source.msdTask } : {}),
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
