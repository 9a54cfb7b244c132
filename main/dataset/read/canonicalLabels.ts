import type { LabelArray } from '../../imaging/connectedComponents.ts';
import { toCanonical } from '../../imaging/orientation.ts';
import type { Volume } from '../../imaging/volume.ts';
import type { LoadedSource } from './loadSource.ts';
import { readLabelFile } from './readLabels.ts';
import type { Source } from '../scan/source.ts';

/** The label file of a volume on the grid of its channels, with its own numbers. Throws when there is none or it does not fit. */
export async function canonicalLabels(source: Source, { sourceGrid, isPlaced }: LoadedSource): Promise<Volume<LabelArray>> {
  if (source.kind !== 'volume' || source.labelFile === undefined) throw new Error(`${source.path} has no label map`);
  const { voxels } = await readLabelFile(source.labelFile, { grid: sourceGrid, isPlaced }, 'refuse');
  return toCanonical(voxels, sourceGrid);
}
