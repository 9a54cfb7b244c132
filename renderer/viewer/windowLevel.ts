/** Grey-value window: everything at or under `lower` is black, at or over `upper` white. In stored values (HU for CT). */
export interface GreyWindow {
  readonly lower: number;
  readonly upper: number;
}

export const CT_WINDOWS: readonly { readonly name: string; readonly window: GreyWindow }[] = [
  { name: 'Soft tissue', window: { lower: -160, upper: 240 } },
  { name: 'Lung', window: { lower: -1350, upper: 150 } },
  { name: 'Bone', window: { lower: -500, upper: 1500 } },
  { name: 'Brain', window: { lower: 0, upper: 80 } },
];

const SAMPLE_COUNT = 50_000;

/**
 * Window for a first look: the soft-tissue window for CT, else from the 1st to the 99th percentile of at most 50,000
 * evenly spread voxels (a whole volume would block the thread that draws).
 */
export function firstWindow(modality: string, voxels: ArrayLike<number>): GreyWindow {
  if (modality.toUpperCase() === 'CT') return CT_WINDOWS[0]!.window;
  const step = Math.max(1, Math.floor(voxels.length / SAMPLE_COUNT));
  const sample = new Float32Array(Math.ceil(voxels.length / step));
  for (let i = 0; i < sample.length; i++) sample[i] = voxels[i * step]!;
  sample.sort();
  const at = (share: number): number => sample[Math.min(sample.length - 1, Math.floor(share * sample.length))] ?? 0;
  const lower = at(0.01);
  const upper = at(0.99);
  return upper > lower ? { lower, upper } : { lower: lower - 0.5, upper: lower + 0.5 };
}
