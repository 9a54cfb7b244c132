import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { writeNrrd } from '../../formats/nrrd/writeNrrd.ts';
import type { MaskFormat } from '../maskToExport.ts';
import { provenanceKeyValues } from '../provenanceKeyValues.ts';

/** One segmentation of 3D Slicer, with all its layers in one. */
export const encodeNrrd: MaskFormat = async ({ baseName, maskName, mask, segments, provenance }) => {
  const bytes = await writeNrrd({ ...mask, segments, keyValues: provenanceKeyValues(provenance, maskName) }, promisify(gzip));
  return { files: [{ name: `${baseName}.seg.nrrd`, chunks: [bytes] }], warnings: [] };
};
