import { AppException } from '../../contract/errors.ts';
import { encodeObj, encodeStl } from '../../formats/mesh/encodeMesh.ts';
import { meshOf } from '../../formats/mesh/meshOf.ts';
import { fileNamesOf } from '../fileNames.ts';
import type { FileToWrite, MaskFormat } from '../maskToExport.ts';

const ENCODE = { stl: encodeStl, obj: encodeObj } as const;

/** One file for each painted segment, in LPS millimetres. */
export const encodeMeshAs =
  (kind: keyof typeof ENCODE): MaskFormat =>
  ({ caseId, baseName, mask, painted }) => {
    if (painted.length === 0) throw new AppException({ code: 'export/nothing-painted', caseId });
    const names = fileNamesOf(painted);
    const files = painted.map((segment, index): FileToWrite => {
      const mesh = meshOf(mask.voxels, mask.grid, segment.labelValue);
      const bytes = ENCODE[kind](mesh, { title: segment.name, frame: 'LPS' });
      return { name: `${baseName}_${names[index]}.${kind}`, chunks: [bytes], segments: [segment] };
    });
    return Promise.resolve({ files, warnings: [] });
  };
