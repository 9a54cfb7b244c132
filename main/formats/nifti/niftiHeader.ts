/** The fields of a NIfTI-1, NIfTI-2 or Analyze 7.5 header that decide about voxels and geometry. */
import { AppException } from '../../contract/errors.ts';

export interface NiftiHeader {
  /** `single`: voxels follow in the same file; else they lie in an `.img` file. Analyze says nothing of orientation. */
  readonly kind: 'single' | 'pair' | 'analyze';
  readonly headerBytes: number;
  readonly isLittleEndian: boolean;
  /** dim[0..7] as stored. */
  readonly dim: readonly number[];
  readonly pixdim: readonly number[];
  readonly datatype: number;
  readonly voxOffsetBytes: number;
  readonly sclSlope: number;
  readonly sclInter: number;
  readonly xyztUnits: number;
  readonly qformCode: number;
  readonly sformCode: number;
  /** quatern_b, c, d, then qoffset_x, y, z (RAS millimetres). */
  readonly quaternion: readonly number[];
  readonly offsetRasMm: readonly number[];
  /** srow_x, srow_y, srow_z: twelve numbers, RAS. */
  readonly srow: readonly number[];
  /** Analyze only: SPM's `origin`, the voxel of the anterior commissure counted from 1. */
  readonly spmOrigin: readonly number[];
}

interface Layout {
  readonly version: 1 | 2;
  readonly headerBytes: number;
  readonly magicAt: number;
}
const NIFTI1: Layout = { version: 1, headerBytes: 348, magicAt: 344 };
const NIFTI2: Layout = { version: 2, headerBytes: 540, magicAt: 4 };

/** Bytes that are enough for every header. */
export const LONGEST_NIFTI_HEADER = 540;

/** Throws `import/truncated` for less than a header, `import/unreadable` for anything else. */
export function readNiftiHeader(bytes: Uint8Array, path: string): NiftiHeader {
  if (bytes.length < 4) throw new AppException({ code: 'import/truncated', path, expectedBytes: 348, actualBytes: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittleEndian = [348, 540].includes(view.getInt32(0, true));
  const layout = { 348: NIFTI1, 540: NIFTI2 }[view.getInt32(0, isLittleEndian)];
  if (!layout) throw new AppException({ code: 'import/unreadable', path, detail: 'not a NIfTI file: the header does not begin with 348 or 540' });
  const { headerBytes, magicAt, version } = layout;
  if (bytes.length < headerBytes) throw new AppException({ code: 'import/truncated', path, expectedBytes: headerBytes, actualBytes: bytes.length });
  const magic = String.fromCharCode(...bytes.subarray(magicAt, magicAt + 3));
  const kind = magic === `n+${version}` ? 'single' : magic === `ni${version}` ? 'pair' : 'analyze';
  if (version === 1) return readVersion1(view, isLittleEndian, kind);
  if (kind !== 'analyze') return readVersion2(view, isLittleEndian, kind);
  throw new AppException({ code: 'import/unreadable', path, detail: 'a NIfTI-2 header without its magic number' });
}

const range = (count: number, read: (index: number) => number) => Array.from({ length: count }, (_, index) => read(index));

function readVersion1(view: DataView, le: boolean, kind: NiftiHeader['kind']): NiftiHeader {
  const isAnalyze = kind === 'analyze';
  const float = (at: number) => view.getFloat32(at, le);
  return {
    kind,
    headerBytes: NIFTI1.headerBytes,
    isLittleEndian: le,
    dim: range(8, (n) => view.getInt16(40 + 2 * n, le)),
    pixdim: range(8, (n) => float(76 + 4 * n)),
    datatype: view.getInt16(70, le),
    voxOffsetBytes: float(108),
    sclSlope: float(112),
    sclInter: float(116),
    // Analyze keeps other things in these fields
    xyztUnits: isAnalyze ? 0 : view.getUint8(123),
    qformCode: isAnalyze ? 0 : view.getInt16(252, le),
    sformCode: isAnalyze ? 0 : view.getInt16(254, le),
    quaternion: range(3, (n) => float(256 + 4 * n)),
    offsetRasMm: range(3, (n) => float(268 + 4 * n)),
    srow: range(12, (n) => float(280 + 4 * n)),
    spmOrigin: isAnalyze ? range(3, (n) => view.getInt16(253 + 2 * n, le)) : [0, 0, 0],
  };
}

function readVersion2(view: DataView, le: boolean, kind: NiftiHeader['kind']): NiftiHeader {
  const double = (at: number) => view.getFloat64(at, le);
  const long = (at: number) => Number(view.getBigInt64(at, le));
  return {
    kind,
    headerBytes: NIFTI2.headerBytes,
    isLittleEndian: le,
    dim: range(8, (n) => long(16 + 8 * n)),
    pixdim: range(8, (n) => double(104 + 8 * n)),
    datatype: view.getInt16(12, le),
    voxOffsetBytes: long(168),
    sclSlope: double(176),
    sclInter: double(184),
    xyztUnits: view.getInt32(500, le),
    qformCode: view.getInt32(344, le),
    sformCode: view.getInt32(348, le),
    quaternion: range(3, (n) => double(352 + 8 * n)),
    offsetRasMm: range(3, (n) => double(376 + 8 * n)),
    srow: range(12, (n) => double(400 + 8 * n)),
    spmOrigin: [0, 0, 0],
  };
}
