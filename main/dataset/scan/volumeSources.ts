/**
 * Pairs images in volume files (NIfTI, NRRD, MetaImage) with their label maps by where they lie and how they are called: Decathlon and nnU-Net folders with
 * `dataset.json`, folders of MONAI Label, `images` beside `labels`, plain folders with `…_seg` files. A label map is never taken for an image.
 */
import { basename, dirname, join } from 'node:path';
import type { AppError } from '../../contract/errors.ts';
import type { MonaiLabelStore } from './monaiLabelStore.ts';
import type { MsdDataset } from './msdDataset.ts';
import type { VolumeSource } from './source.ts';
import type { WalkedFolder } from './sourceWalk.ts';
import { isVolumeName, volumeStem } from '../read/volumeFile.ts';

/** Voxels of a header file. */
const DATA_NAME = /^(.+?)\.(img|raw|zraw)(\.gz)?$/i;
const LABEL_FOLDER = /^(labels?|masks?|segs?|segmentations?|ground_?truth|truth)(Tr|Ts)?$/i;
/** `case_seg`, `case-label`, `case_mask`; also with more behind it, as in `t2_seg-manual`. */
const LABEL_FILE = /^(.+?)[-_.]((seg|segmentation|labels?|labelmap)([-_.].*)?|mask|gt)$/i;
/** The whole name of a label map whose image is the only other file in its folder. */
const LABEL_NAME = /^(labels?|masks?|seg|segmentations?|labelmap|gt|ground[-_]?truth)$/i;
/** What the image beside `case_seg` may be called. */
const IMAGE_SUFFIXES = ['', '_image', '-image', '_img', '_0000', '_ct', '_mr'];
const CHANNEL_SUFFIX = /^(.+)_(\d{4})$/;
/** More files than this under one name are taken for cases of a numbered series, not for channels. */
const MOST_CHANNELS = 8;

export interface FoundVolumes {
  readonly sources: readonly VolumeSource[];
  /** Label maps without an image among these files; it may be a DICOM series. */
  readonly orphans: readonly string[];
  readonly problems: readonly AppError[];
}

interface VolumeFile {
  readonly path: string;
  /** File name without the ending of its format. */
  readonly stem: string;
}

interface VolumeFolder {
  readonly folder: string;
  readonly files: readonly VolumeFile[];
}

/** True for the files of all formats here, also for those that hold voxels only. */
export const isVolumePart = (name: string): boolean => isVolumeName(name) || DATA_NAME.test(name);

/** `datasets`: what `dataset.json` says, by the folder it lies in. */
export function pairVolumeFiles(
  folders: readonly WalkedFolder[],
  datasets: ReadonlyMap<string, MsdDataset>,
  stores: readonly MonaiLabelStore[] = [],
): FoundVolumes {
  const all = folders
    .map(({ folder, files }): VolumeFolder => ({
      folder,
      files: volumeFiles(
        folder,
        files.map(({ name }) => name),
      ),
    }))
    .filter(({ folder, files }) => files.length > 0 && !isBesideDataset(folder, datasets));
  const ofStores = stores.map((store) => pairStore(all, store));
  const taken = new Set(ofStores.flatMap(({ folders: known }) => known));
  const byFolder = all.filter(({ folder }) => !taken.has(folder));
  const labelFolders = byFolder.filter(({ folder }) => LABEL_FOLDER.test(basename(folder)));
  const found = byFolder
    .filter(({ folder }) => !LABEL_FOLDER.test(basename(folder)))
    .map(({ folder, files }) => {
      const outside = labelFolders.filter((labels) => belongsTo(labels.folder, folder)).flatMap(({ files: f }) => f);
      return pairFolder(files, outside, datasets.get(dirname(folder)));
    });
  found.push(...ofStores.map(({ pairs }) => pairs));
  const sources = found.flatMap((pairs) => pairs.sources);
  const used = new Set(sources.map(({ labelFile }) => labelFile));
  const unused = labelFolders.flatMap(({ files }) => files).flatMap(({ path }) => (used.has(path) ? [] : [path]));
  return {
    sources,
    orphans: [...found.flatMap((pairs) => pairs.orphans), ...unused],
    problems: [...found.flatMap((pairs) => pairs.problems), ...folders.flatMap(headlessImages)],
  };
}

/** The images of a store, each with its final mask, or else with one that a model drew. */
function pairStore(all: readonly VolumeFolder[], store: MonaiLabelStore): { folders: readonly string[]; pairs: FoundVolumes } {
  const tagged = all.filter(({ folder }) => store.tagOf(folder) !== null).sort((a, b) => Number(store.isDraft(b.folder)) - Number(store.isDraft(a.folder)));
  const images = all.filter(({ folder }) => folder === store.imagesFolder);
  const masks = tagged.flatMap(({ files }) => files);
  const pairs = pairFolder(
    images.flatMap(({ files }) => files),
    masks,
    undefined,
  );
  const sources = pairs.sources.map((source): VolumeSource => {
    if (source.labelFile === undefined) return source;
    const folder = dirname(source.labelFile);
    return { ...source, isDraft: store.isDraft(folder), segments: store.segmentsOf(source.baseName, store.tagOf(folder)!) };
  });
  const known = new Set(sources.map(({ baseName }) => baseName));
  const orphans = masks.filter(({ stem }) => !known.has(stem)).map(({ path }) => path);
  return { folders: [...tagged, ...images].map(({ folder }) => folder), pairs: { ...pairs, sources, orphans: [...pairs.orphans, ...orphans] } };
}

/** `.img` files whose `.hdr` is not beside them; `.raw` can be anything. */
function headlessImages({ folder, files }: WalkedFolder): AppError[] {
  const headers = new Set(files.flatMap(({ name }) => (/\.hdr(\.gz)?$/i.test(name) ? [volumeStem(name)!.toLowerCase()] : [])));
  return files.flatMap(({ name }) => {
    const stem = /^(.+?)\.img(\.gz)?$/i.exec(name)?.[1];
    if (stem === undefined || headers.has(stem.toLowerCase())) return [];
    return [{ code: 'import/unreadable', path: join(folder, name), detail: 'its header file (.hdr) is not beside it' }];
  });
}

/** The cases of one folder: its images with the label maps among `files` and those `outside`. */
function pairFolder(files: readonly VolumeFile[], outside: readonly VolumeFile[], dataset: MsdDataset | undefined): FoundVolumes {
  const images = files.filter(({ stem }) => !isLabelStem(stem));
  const labelByStem = new Map(outside.map(({ stem, path }) => [stem, path]));
  const insideByStem = new Map<string, string>();
  const problems: AppError[] = [];
  // the plainest name first: it is the one that is read when there are several
  const inside = files.filter(({ stem }) => isLabelStem(stem)).sort((a, b) => a.stem.length - b.stem.length);
  for (const file of inside) {
    const stem = labelledStem(file, images);
    if (labelByStem.has(stem)) {
      const detail = `another label map of ${stem}; only one is read`;
      problems.push({ code: 'import/unsupported', path: file.path, detail });
    } else {
      labelByStem.set(stem, file.path);
      insideByStem.set(stem, file.path);
    }
  }
  const grouped = groupChannels(images, new Set(labelByStem.keys()), dataset);
  const sources = grouped.cases.map(({ stem, files: channelFiles }): VolumeSource => {
    const labelFile = labelByStem.get(stem);
    return {
      kind: 'volume',
      baseName: stem,
      path: channelFiles[0]!,
      files: channelFiles,
      channelNames: dataset?.channelNames ?? [],
      segments: dataset?.segments ?? [],
      ...(dataset ? { labelRules: dataset.labelRules } : {}),
      ...(dataset?.msdTask ? { msdTask: dataset.msdTask } : {}),
      ...(dataset?.heldOutIn.has(stem) ? { heldOutIn: dataset.heldOutIn.get(stem)! } : {}),
      ...(labelFile ? { labelFile } : {}),
    };
  });
  for (const { baseName } of sources) insideByStem.delete(baseName);
  return { sources, orphans: [...insideByStem.values()], problems: [...problems, ...grouped.problems] };
}

function volumeFiles(folder: string, names: readonly string[]): VolumeFile[] {
  return names.flatMap((name) => {
    const stem = volumeStem(name);
    // Slicer's segmentations are label maps by their ending
    const ending = /\.seg\.nrrd$/i.test(name) ? '.seg' : '';
    return stem === undefined ? [] : [{ path: join(folder, name), stem: stem + ending }];
  });
}

/** In a Decathlon folder only `imagesTr`, `labelsTr` and their `Ts` twins count; predictions and truth beside them do not. */
function isBesideDataset(folder: string, datasets: ReadonlyMap<string, MsdDataset>): boolean {
  for (let inside = folder; inside !== dirname(inside); inside = dirname(inside)) {
    if (datasets.has(dirname(inside))) return inside !== folder || !/^(images|labels)(Tr|Ts)$/.test(basename(folder));
  }
  return false;
}

/** A label folder serves the folders beside it and the folder above it; `…Tr` does not serve `…Ts`. */
function belongsTo(labelFolder: string, imageFolder: string): boolean {
  if (dirname(labelFolder) !== dirname(imageFolder) && dirname(labelFolder) !== imageFolder) return false;
  const part = (folder: string) => /T[rs]$/.exec(basename(folder))?.[0];
  const [labelPart, imagePart] = [part(labelFolder), part(imageFolder)];
  return labelPart === undefined || imagePart === undefined || labelPart === imagePart;
}

const isLabelStem = (stem: string): boolean => LABEL_FILE.test(stem) || LABEL_NAME.test(stem);

/** The stem of the case that a label map beside the images belongs to. */
function labelledStem(label: VolumeFile, images: readonly VolumeFile[]): string {
  const base = LABEL_FILE.exec(label.stem)?.[1];
  if (base === undefined) return images.length === 1 ? images[0]!.stem : label.stem;
  const suffix = IMAGE_SUFFIXES.find((ending) => images.some(({ stem }) => stem.toLowerCase() === (base + ending).toLowerCase()));
  return suffix === undefined || suffix === '_0000' ? base : base + suffix;
}

interface ChannelCase {
  readonly stem: string;
  readonly files: readonly string[];
}

/** `case_0000`, `case_0001` are channels of `case` when `dataset.json`, the label names or the whole folder say so. */
function groupChannels(images: readonly VolumeFile[], labelStems: ReadonlySet<string>, dataset: MsdDataset | undefined) {
  const alone = images.map(({ stem, path }): ChannelCase => ({ stem, files: [path] }));
  const groups = new Map<string, { channel: number; path: string }[]>();
  for (const { stem, path } of images) {
    const [, base, digits] = CHANNEL_SUFFIX.exec(stem) ?? [];
    if (base === undefined || labelStems.has(stem)) continue;
    groups.set(base, [...(groups.get(base) ?? []), { channel: Number(digits), path }]);
  }
  const isGrouped =
    dataset?.hasChannelFiles === true || [...groups.keys()].some((base) => labelStems.has(base)) || isChannelFolder([...groups.values()], images.length);
  if (!isGrouped) return { cases: alone, problems: [] };
  const cases: ChannelCase[] = alone.filter(({ stem }) => !CHANNEL_SUFFIX.test(stem) || labelStems.has(stem));
  const problems: AppError[] = [];
  const expected = dataset?.hasChannelFiles ? dataset.channelNames.length : undefined;
  for (const [stem, found] of groups) {
    const channels = found.sort((a, b) => a.channel - b.channel);
    if (channels.some(({ channel }, n) => channel !== n) || (expected !== undefined && channels.length !== expected)) {
      const detail = `channels ${channels.map(({ channel }) => channel).join(', ')} found, ${expected ?? 'an unbroken row from 0'} expected`;
      problems.push({ code: 'import/unsupported', path: channels[0]!.path, detail });
    } else cases.push({ stem, files: channels.map(({ path }) => path) });
  }
  return { cases, problems };
}

/** Every file carries a channel number, every case has the same channels 0, 1, …, and they are few. */
function isChannelFolder(groups: readonly (readonly { channel: number }[])[], fileCount: number): boolean {
  const channelCount = groups[0]?.length ?? 0;
  return (
    channelCount > 0 &&
    channelCount <= MOST_CHANNELS &&
    groups.reduce((sum, group) => sum + group.length, 0) === fileCount &&
    groups.every((group) => group.length === channelCount && group.every(({ channel }) => channel < channelCount))
  );
}
