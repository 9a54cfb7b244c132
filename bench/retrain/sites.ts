/** The images that the simulated reader gets: real or by formula, and a second site made from them. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Grid } from '../../main/contract/vocabulary.ts';
import { readLabelmap, writeGzippedNifti, writeLabelmap } from '../../main/dataset/storedVolume.ts';
import { readVolumeFile } from '../../main/dataset/read/volumeFile.ts';
import { makePhantom, seededRandom } from '../../main/imaging/phantom.ts';
import type { Site } from './playedProject.ts';

export async function phantomSite(folder: string, count: number): Promise<Site> {
  const caseIds = Array.from({ length: count }, (_, n) => `phantom_${String(n + 1).padStart(3, '0')}`);
  await Promise.all(['images', 'labels'].map((kind) => mkdir(join(folder, kind), { recursive: true })));
  for (const [n, id] of caseIds.entries()) {
    if (existsSync(join(folder, 'labels', `${id}.nii.gz`))) continue;
    const { grid, image, labels } = makePhantom(n + 1);
    await writeGzippedNifti(join(folder, 'images', `${id}.nii.gz`), grid, image);
    await writeLabelmap(join(folder, 'labels', `${id}.nii.gz`), grid, labels);
  }
  return { folder, caseIds };
}

const SPACING_FACTOR = 1.3;

/** The same anatomy as another scanner would show it: the grey scale bent back at both ends, more noise, voxels a third larger. */
export async function secondSite(site: Site, folder: string, caseIds: readonly string[]): Promise<Site> {
  await Promise.all(['images', 'labels'].map((kind) => mkdir(join(folder, kind), { recursive: true })));
  const ids = caseIds.map((id) => `site2_${id}`);
  for (const [n, id] of caseIds.entries()) {
    const name = `${ids[n]!}.nii.gz`;
    if (existsSync(join(folder, 'labels', name))) continue;
    const image = await readVolumeFile(join(site.folder, 'images', `${id}.nii.gz`));
    const voxels = Float32Array.from(image.channels[0]!);
    const mean = voxels.reduce((sum, value) => sum + value, 0) / voxels.length;
    const spread = Math.sqrt(voxels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / voxels.length);
    const random = seededRandom(n + 1);
    const shifted = Float32Array.from(voxels, (value) => {
      const z = (value - mean) / spread;
      return 1000 + 200 * (1.2 * Math.tanh(z) - 0.5 * z + 0.6 * (random() + random() + random() - 1.5));
    });
    await writeGzippedNifti(join(folder, 'images', name), widened(image.grid), shifted);
    const labels = await readLabelmap(join(site.folder, 'labels', `${id}.nii.gz`));
    await writeLabelmap(join(folder, 'labels', name), widened(labels.grid), labels.voxels);
  }
  return { folder, caseIds: ids };
}

function widened(grid: Grid): Grid {
  const [i, j, k] = grid.spacingMm;
  return { ...grid, spacingMm: [i * SPACING_FACTOR, j * SPACING_FACTOR, k * SPACING_FACTOR] as unknown as Grid['spacingMm'] };
}
