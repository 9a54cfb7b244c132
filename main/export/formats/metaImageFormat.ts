import { deflate } from 'node:zlib';
import { promisify } from 'node:util';
import { writeMetaImage } from '../../formats/metaImage/writeMetaImage.ts';
import type { MaskFormat } from '../maskToExport.ts';
import { provenanceKeyValues, segmentKeyValues } from '../provenanceKeyValues.ts';

/** The format knows no segments: names, colours and codes are keys and values that ITK hands on. */
export const encodeMetaImage: MaskFormat = async ({ baseName, maskName, mask, segments, provenance }) => {
  const keyValues = { ...provenanceKeyValues(provenance, maskName), ...segmentKeyValues(segments) };
  const bytes = await writeMetaImage({ ...mask, keyValues }, promisify<Uint8Array, Uint8Array>(deflate));
  return { files: [{ name: `${baseName}.mha`, chunks: [bytes] }], warnings: [] };
};
