/** Grey-value window: everything at or under `lower` is black, at or over `upper` white. In stored values (HU for CT). */
export interface GreyWindow {
  readonly lower: number;
  readonly upper: number;
}

const around = (level: number, width: number): GreyWindow => ({ lower: level - width / 2, upper: level + width / 2 });

export const CT_WINDOWS: readonly { readonly name: string; readonly window: GreyWindow }[] = [
  { name: 'Soft tissue', window: around(40, 400) },
  { name: 'Lung', window: around(-600, 1500) },
  { name: 'Bone', window: around(500, 2000) },
  { name: 'Brain', window: around(40, 80) },
  { name: 'Stroke', window: around(40, 40) },
  { name: 'Liver', window: around(30, 150) },
  { name: 'Mediastinum', window: around(50, 350) },
  { name: 'Vessels', window: around(300, 600) },
];

const SAMPLE_COUNT = 50_000;

/** Window for a first look: the soft-tissue window for CT, else by the values. */
export function firstWindow(modality: string, voxels: ArrayLike<number>): GreyWindow {
  return modality.toUpperCase() === 'CT' ? CT_WINDOWS[0]!.window : windowOfShares(voxels, 0.01, 0.99);
}

/**
 * From one share of the values to another (a percentile is a hundredth), of at most 50,000 evenly spread voxels: a whole
 * volume would block the thread that draws.
 */
export function windowOfShares(voxels: ArrayLike<number>, lowerShare: number, upperShare: number): GreyWindow {
  const step = Math.max(1, Math.floor(voxels.length / SAMPLE_COUNT));
  const sample = new Float32Array(Math.ceil(voxels.length / step));
  for (let i = 0; i < sample.length; i++) sample[i] = voxels[i * step]!;
  sample.sort();
  const at = (share: number): number => sample[Math.min(sample.length - 1, Math.floor(share * sample.length))] ?? 0;
  const lower = at(lowerShare);
  const upper = at(upperShare);
  return upper > lower ? { lower, upper } : { lower: lower - 0.5, upper: lower + 0.5 };
}
