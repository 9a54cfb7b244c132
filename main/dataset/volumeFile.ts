/** Volume files of the research world by path: NIfTI-1 and -2 (`.nii`, `.hdr` with `.img`, Analyze 7.5), gzipped or not. */
import { readFile, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LONGEST_NIFTI_HEADER } from '../formats/nifti/niftiHeader.ts';
import { niftiByteCounts, readNifti } from '../formats/nifti/readNifti.ts';
import type { VolumeImage } from '../formats/volume/volumeImage.ts';
import { inflateUpTo, isGzip } from './inflate.ts';

const VOLUME_NAME = /^(.+?)\.(nii|hdr)(\.gz)?$/i;

/** By its ending, a file that is a volume or the header of one; the other files of a volume are `partNamesOf` it. */
export const isVolumeName = (name: string): boolean => VOLUME_NAME.test(name);

/** The name without the ending of the format: `case_0000` of `case_0000.nii.gz`. */
export const volumeStem = (name: string): string | undefined => VOLUME_NAME.exec(name)?.[1];

/**
 * Reads a volume. `tellBytes` gets the bytes of each file that was read, as they are on disk, for a checksum.
 * Throws `import/unreadable`, `import/unsupported`, `import/truncated`, `import/bad-geometry`, and errno errors of the file
 * system.
 */
export async function readVolumeFile(
  path: string,
  tellBytes: (bytes: Uint8Array) => void = () => undefined,
): Promise<VolumeImage> {
  const read = async (file: string): Promise<Uint8Array> => {
    const bytes = await readFile(file);
    tellBytes(bytes);
    return bytes;
  };
  return readNiftiFiles(await read(path), path, read);
}

/** Paths of the files beside a header file that hold its voxels; empty for a file that holds them itself. */
export async function partNamesOf(path: string): Promise<string[]> {
  const image = /\.hdr(\.gz)?$/i.test(path) ? await imageFileOf(path) : null;
  return image === null ? [] : [image];
}

async function readNiftiFiles(
  stored: Uint8Array,
  path: string,
  read: (file: string) => Promise<Uint8Array>,
): Promise<VolumeImage> {
  const neededBytes = (head: Uint8Array) => niftiByteCounts(head, path).bytes;
  const bytes = isGzip(stored) ? await inflateUpTo(stored, path, neededBytes, LONGEST_NIFTI_HEADER) : stored;
  const { imageBytes } = niftiByteCounts(bytes, path);
  const imagePath = imageBytes === undefined ? null : await imageFileOf(path);
  if (imagePath === null) return readNifti(bytes, path);
  const image = await read(imagePath);
  return readNifti(bytes, path, isGzip(image) ? await inflateUpTo(image, imagePath, () => imageBytes!) : image);
}

/** `x.img` or `x.img.gz` for `x.hdr` and `x.hdr.gz`, in any case of letters. */
async function imageFileOf(headerPath: string): Promise<string | null> {
  const folder = dirname(headerPath);
  const stem = volumeStem(basename(headerPath))?.toLowerCase();
  const names = await readdir(folder);
  const found = ['.img', '.img.gz'].map((ending) => names.find((name) => name.toLowerCase() === `${stem}${ending}`));
  const name = found.find((one) => one !== undefined);
  return name === undefined ? null : join(folder, name);
}
