/**
 * Volume files of the research world by path: NIfTI-1 and -2 (`.nii`, `.hdr` with `.img`, Analyze 7.5), NRRD and NHDR,
 * MetaImage; gzipped or not, with their voxels in the same file or in others beside it.
 */
import { readdir } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { AppException } from '../../contract/errors.ts';
import { readFile } from '../../vault/readSealed.ts';
import { isMetaImage } from '../../formats/metaImage/metaImageHeader.ts';
import { metaImagePartNames, readMetaImage } from '../../formats/metaImage/readMetaImage.ts';
import { LONGEST_NIFTI_HEADER } from '../../formats/nifti/niftiHeader.ts';
import { niftiByteCounts, readNifti } from '../../formats/nifti/readNifti.ts';
import { isNrrd } from '../../formats/nrrd/nrrdHeader.ts';
import { nrrdPartNames, readNrrd } from '../../formats/nrrd/readNrrd.ts';
import type { VolumeHost } from '../../formats/volume/volumeHost.ts';
import type { VolumeImage } from '../../formats/volume/volumeImage.ts';
import { inflateUpTo, isGzip } from './inflate.ts';

const VOLUME_NAME = /^(.+?)\.((?:nii|hdr)(?:\.gz)?|(?:seg\.)?nrrd|nhdr|mh[ad])$/i;

/** By its ending, a file that is a volume or the header of one; the other files of a volume are its `partPathsOf`. */
export const isVolumeName = (name: string): boolean => VOLUME_NAME.test(name);

/** The name without the ending of the format: `case_0000` of `case_0000.nii.gz`, `liver` of `liver.seg.nrrd`. */
export const volumeStem = (name: string): string | undefined => VOLUME_NAME.exec(name)?.[1];

type ReadFile = (path: string) => Promise<Uint8Array>;

/**
 * Reads a volume; the format is told by the bytes, not by the name. `tellBytes` gets the bytes of each file that was read, as
 * they are on disk, for a checksum.
 * Throws `import/unreadable`, `import/unsupported`, `import/truncated`, `import/bad-geometry`, and errno errors of the file
 * system.
 */
export async function readVolumeFile(path: string, tellBytes: (bytes: Uint8Array) => void = () => undefined): Promise<VolumeImage> {
  const read: ReadFile = async (file) => {
    const bytes = await readFile(file);
    tellBytes(bytes);
    return bytes;
  };
  const bytes = await read(path);
  if (isNrrd(bytes)) return readNrrd(bytes, path, volumeHost(path, read));
  if (isMetaImage(bytes)) return readMetaImage(bytes, path, volumeHost(path, read));
  return readNiftiFiles(bytes, path, read);
}

/**
 * The files beside a header file that hold its voxels; empty for a file that holds them itself, and for a header that cannot be
 * read (which `readVolumeFile` explains). A file that is named need not be there.
 */
export async function partPathsOf(path: string): Promise<string[]> {
  if (/\.hdr(\.gz)?$/i.test(path)) return [await imageFileOf(path)].filter((file) => file !== null);
  if (!/\.(nhdr|mhd|nrrd|mha)$/i.test(path)) return [];
  try {
    const bytes = await readFile(path);
    const names = isNrrd(bytes) ? nrrdPartNames(bytes, path) : metaImagePartNames(bytes, path);
    return names.map((name) => partPath(path, name));
  } catch (thrown) {
    if (thrown instanceof AppException) return [];
    throw thrown;
  }
}

function volumeHost(headerPath: string, read: ReadFile): VolumeHost {
  return {
    inflate: (bytes, neededBytes, path) => inflateUpTo(bytes, path, () => neededBytes),
    readPart: async (name) => {
      const path = partPath(headerPath, name);
      try {
        return await read(path);
      } catch (thrown) {
        const { code, message } = thrown as NodeJS.ErrnoException;
        const detail = code === 'ENOENT' ? `the file ${name} with its voxels is missing` : `${name}: ${message}`;
        throw new AppException({ code: 'import/unreadable', path: headerPath, detail });
      }
    },
  };
}

/** A header must not pull in files from elsewhere: another patient's, or the system's. Throws `import/unsupported`. */
function partPath(headerPath: string, name: string): string {
  const relative = normalize(name.replaceAll('\\', '/'));
  if (!isAbsolute(relative) && relative !== '..' && !relative.startsWith(`..${sep}`) && !/^[A-Za-z]:/.test(relative))
    return join(dirname(headerPath), relative);
  const detail = `its voxels are in ${name}, outside its own folder; put the file beside it`;
  throw new AppException({ code: 'import/unsupported', path: headerPath, detail });
}

async function readNiftiFiles(stored: Uint8Array, path: string, read: ReadFile): Promise<VolumeImage> {
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
