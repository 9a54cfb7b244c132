/** Which sources are cases of the project already, found without reading a pixel. */
import { join } from 'node:path';
import type { ImportTask } from '../../contract/tasks.ts';
import type { CaseId } from '../../contract/vocabulary.ts';
import { readFile } from '../../vault/readSealed.ts';
import type { DicomSource } from './source.ts';
import { DicomReference } from '../../formats/dicom/dicomReference.ts';
import { isMissingFile } from '../readIfThere.ts';

export const DICOM_REFERENCE_FILE = 'dicom.json';

/** What is known of a source: its case has it all; or a case has a part of its images. */
export type Knowledge = { readonly caseId: CaseId; readonly newCount: 0 } | { readonly caseId: CaseId; readonly newCount: number } | null;

export class KnownCases {
  readonly #byKey: Map<string, CaseId>;

  constructor(
    existing: ImportTask['existing'],
    private readonly casesFolder: string,
  ) {
    this.#byKey = new Map(existing.map(({ sourceKey, caseId }) => [sourceKey, caseId]));
  }

  add(sourceKey: string, caseId: CaseId): void {
    this.#byKey.set(sourceKey, caseId);
  }

  byKey(sourceKey: string): CaseId | undefined {
    return this.#byKey.get(sourceKey);
  }

  /** `newCount`: images of the stack that the case lacks. A case that lacks all of them says nothing. */
  async ofStack({ sourceKey, olderSourceKey, seriesUid, imageKeys }: DicomSource): Promise<Knowledge> {
    if (sourceKey === '') return null;
    const twin = this.#byKey.get(sourceKey) ?? this.#byKey.get(olderSourceKey);
    if (twin !== undefined) return { caseId: twin, newCount: 0 };
    let nearest: Knowledge = null;
    for (const [key, caseId] of this.#byKey) {
      if (!key.startsWith(`dicom:${seriesUid} `)) continue;
      const images = imagesOf(await readDicomReference(join(this.casesFolder, caseId)));
      const newCount = imageKeys.filter((image) => !images.has(image)).length;
      if (newCount < (nearest?.newCount ?? imageKeys.length)) nearest = { caseId, newCount };
    }
    return nearest;
  }
}

/** `null` when the case has none: it is of an older version, or no DICOM. */
export async function readDicomReference(caseFolder: string): Promise<DicomReference | null> {
  try {
    return DicomReference.parse(JSON.parse(await readFile(join(caseFolder, DICOM_REFERENCE_FILE), 'utf8')));
  } catch (thrown) {
    if (isMissingFile(thrown)) return null;
    throw thrown;
  }
}

/** In the form of `DicomSlice.key`. */
function imagesOf(reference: DicomReference | null): Set<string> {
  return new Set(
    (reference?.images ?? []).flatMap(({ sopInstanceUid, frameNumber }) =>
      frameNumber === undefined ? [sopInstanceUid] : [`${sopInstanceUid}#${frameNumber}`, ...(frameNumber === 1 ? [sopInstanceUid] : [])],
    ),
  );
}
