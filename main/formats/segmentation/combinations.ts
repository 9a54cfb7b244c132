/** Which segments meet in which voxels: every combination that occurs gets a number, every voxel the number of its own. */
import { AppException } from '../../contract/errors.ts';
import { LARGEST_LABEL_VALUE } from '../../contract/vocabulary.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import type { Segmentation } from './segmentation.ts';

export interface Combination {
  /** Indices of segments, ascending. */
  readonly members: readonly number[];
  /** 0 for one that was met while looking, but grew in all its voxels. */
  readonly voxelCount: number;
}

export interface Combinations {
  /** For each voxel 0, or 1 + the index of its combination in `list`. */
  readonly ids: LabelArray;
  readonly list: readonly Combination[];
}

interface Growing {
  readonly members: readonly number[];
  voxelCount: number;
}

const LARGEST_BYTE = 255;

/** Throws `import/label-values` when more than 65535 are met. */
export function combinationsOf(segmentation: Segmentation, path: string): Combinations {
  const { grid, segments, maskOf } = segmentation;
  const list: Growing[] = [];
  let ids: LabelArray = new Uint8Array(grid.dimsIjk[0] * grid.dimsIjk[1] * grid.dimsIjk[2]);
  for (let segment = 0; segment < segments.length; segment++) {
    const mask = maskOf(segment);
    const grown = new Uint32Array(list.length + 1);
    for (let n = 0; n < mask.length; n++) {
      if (mask[n] === 0) continue;
      const before = ids[n]!;
      if (grown[before] === 0) {
        list.push({ members: [...(list[before - 1]?.members ?? []), segment], voxelCount: 0 });
        grown[before] = list.length;
        if (list.length > LARGEST_LABEL_VALUE) {
          throw new AppException({ code: 'import/label-values', path, detail: `segments overlap in more than ${LARGEST_LABEL_VALUE} combinations` });
        }
        if (list.length > LARGEST_BYTE && ids.BYTES_PER_ELEMENT === 1) ids = Uint16Array.from(ids);
      }
      ids[n] = grown[before]!;
      if (before > 0) list[before - 1]!.voxelCount--;
      list[grown[before]! - 1]!.voxelCount++;
    }
  }
  return { ids, list };
}
