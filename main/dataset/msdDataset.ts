/** `dataset.json` of the Medical Segmentation Decathlon and of nnU-Net v2. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import type { Segment } from '../contract/vocabulary.ts';
import { defaultSegment } from './defaultColors.ts';

/** Decathlon: label value → name. nnU-Net v2: name → value, or → list of values for a region. */
const Labels = z.record(z.string(), z.union([z.string(), z.int(), z.array(z.int())]));
const DatasetJson = z.object({
  name: z.string().optional(),
  /** Decathlon. */
  modality: z.record(z.string(), z.string()).optional(),
  /** nnU-Net v2. */
  channel_names: z.record(z.string(), z.string()).optional(),
  labels: Labels.optional(),
});

export interface MsdDataset {
  /** In channel order; empty when the file names none. */
  readonly channelNames: readonly string[];
  /** True for nnU-Net v2, where each channel is a file ending in `_0000`, `_0001`, … */
  readonly hasChannelFiles: boolean;
  /** Background left out; regions (nnU-Net's unions of labels) are not segments and left out too. */
  readonly segments: readonly Segment[];
}

/** Throws `import/unreadable` when the file is no JSON or not of either form, errno errors when it cannot be read. */
export async function readMsdDataset(path: string): Promise<MsdDataset> {
  const text = await readFile(path, 'utf8');
  const parsed = DatasetJson.safeParse(parseJson(text, path));
  if (!parsed.success) {
    const detail = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new AppException({ code: 'import/unreadable', path, detail });
  }
  const { modality, channel_names, labels = {} } = parsed.data;
  return {
    channelNames: inOrder(channel_names ?? modality ?? {}),
    hasChannelFiles: channel_names !== undefined,
    segments: segmentsOf(labels),
  };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new AppException({ code: 'import/unreadable', path, detail: `not valid JSON (${String(thrown)})` });
  }
}

function inOrder(names: Readonly<Record<string, string>>): string[] {
  return Object.entries(names)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, name]) => name);
}

function segmentsOf(labels: z.infer<typeof Labels>): Segment[] {
  const named = Object.entries(labels).flatMap(([key, value]): [number, string][] => {
    if (typeof value === 'string') return [[Number(key), value]];
    return typeof value === 'number' ? [[value, key]] : [];
  });
  return named
    .filter(([labelValue]) => Number.isInteger(labelValue) && labelValue >= 1 && labelValue <= 255)
    .sort(([a], [b]) => a - b)
    .map(([labelValue, name]) => defaultSegment(labelValue, name));
}
