/** Test-only DICOM writer: a volume as a classic series of uncompressed slices, small enough to read by eye. */
import type { Grid } from '../../main/contract/vocabulary.ts';
import { axisDirection, ijkToLps } from '../../main/imaging/grid.ts';

export interface DicomSeriesOptions {
  readonly modality?: string;
  readonly patientId?: string;
  readonly seriesUid?: string;
  readonly transferSyntax?: 'explicitLittle' | 'implicitLittle' | 'explicitBig';
  readonly photometric?: string;
  readonly slope?: (slice: number) => string;
  readonly intercept?: string;
  readonly bitsStored?: number;
  /** Replaces the position of a slice, e.g. to tilt a stack. */
  readonly position?: (slice: number, positionLpsMm: readonly number[]) => readonly number[];
  /** Replaces the six cosines of a slice. */
  readonly orientation?: (slice: number, cosines: readonly number[]) => readonly number[];
  /** Declares this instead of the real syntax in the meta header. */
  readonly declaredSyntax?: string;
  readonly hasPreamble?: boolean;
  /** More elements of one slice, or others in place of those that are always written; sorted by tag. */
  readonly more?: (slice: number) => readonly DicomElement[];
}

/** Tag as eight hexadecimal digits, VR, value; FD and sequences come as bytes. */
export type DicomElement = readonly [tag: string, vr: string, value: string | number | Uint8Array];

const SYNTAX = { explicitLittle: '1.2.840.10008.1.2.1', implicitLittle: '1.2.840.10008.1.2', explicitBig: '1.2.840.10008.1.2.2' } as const;
const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';

type Value = string | number | Uint8Array;

/** One file per slice along k; stored values are `voxels`, row by row. */
export function writeDicomSeries(grid: Grid, voxels: Int16Array, options: DicomSeriesOptions = {}): Uint8Array[] {
  const [ni, nj, nk] = grid.dimsIjk;
  const seriesUid = options.seriesUid ?? '1.2.826.0.1.3680043.10.999.1';
  const cosines = [...axisDirection(grid, 0), ...axisDirection(grid, 1)];
  return Array.from({ length: nk }, (_, slice) => {
    const position = ijkToLps(grid, [0, 0, slice]);
    const syntax = options.transferSyntax ?? 'explicitLittle';
    const pixels = voxels.slice(slice * ni * nj, (slice + 1) * ni * nj);
    const more = options.more?.(slice) ?? [];
    const always: DicomElement[] = [
      ['00080016', 'UI', CT_IMAGE_STORAGE],
      ['00080018', 'UI', `${seriesUid}.${slice + 1}`],
      ['00080060', 'CS', options.modality ?? 'CT'],
      ['00100020', 'LO', options.patientId ?? 'PHANTOM-1'],
      ['00180050', 'DS', '99'], // a lie: spacing must come from positions
      ['0020000d', 'UI', '1.2.826.0.1.3680043.10.999.2'],
      ['0020000e', 'UI', seriesUid],
      ['00200011', 'IS', '3'],
      ['00200032', 'DS', decimalString(options.position?.(slice, position) ?? position)],
      ['00200037', 'DS', decimalString(options.orientation?.(slice, cosines) ?? cosines)],
      ['00280002', 'US', 1],
      ['00280004', 'CS', options.photometric ?? 'MONOCHROME2'],
      ['00280010', 'US', nj],
      ['00280011', 'US', ni],
      ['00280030', 'DS', decimalString([grid.spacingMm[1], grid.spacingMm[0]])],
      ['00280100', 'US', 16],
      ['00280101', 'US', options.bitsStored ?? 16],
      ['00280102', 'US', (options.bitsStored ?? 16) - 1],
      ['00280103', 'US', 1],
      ['00281052', 'DS', options.intercept ?? '0'],
      ['00281053', 'DS', options.slope?.(slice) ?? '1'],
      ['7fe00010', 'OW', pixelBytes(pixels, syntax === 'explicitBig')],
    ];
    const elements = [...always.filter(([tag]) => !more.some(([other]) => other === tag)), ...more];
    elements.sort(([a], [b]) => (a < b ? -1 : 1));
    const dataSet = elements.map(([tag, vr, value]) => element(tag, vr, value, syntax));
    const meta = element('00020010', 'UI', options.declaredSyntax ?? SYNTAX[syntax], 'explicitLittle');
    if (options.hasPreamble === false) return concat(dataSet);
    const preamble = new Uint8Array(132);
    preamble.set([0x44, 0x49, 0x43, 0x4d], 128);
    return concat([preamble, element('00020000', 'UL', meta.length, 'explicitLittle'), meta, ...dataSet]);
  });
}

/** At most 16 characters each, as DS demands. */
function decimalString(numbers: readonly number[]): string {
  return numbers.map((x) => String(Number(x.toFixed(10))).slice(0, 16)).join('\\');
}

function pixelBytes(pixels: Int16Array, isBigEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(pixels.length * 2);
  const view = new DataView(bytes.buffer);
  pixels.forEach((value, n) => view.setInt16(2 * n, value, !isBigEndian));
  return bytes;
}

function element(tag: string, vr: string, value: Value, syntax: keyof typeof SYNTAX): Uint8Array {
  const le = syntax !== 'explicitBig';
  const data = valueBytes(vr, value, le);
  const isLong = ['OW', 'OB', 'UN', 'SQ'].includes(vr);
  const headBytes = syntax === 'implicitLittle' || !isLong ? 8 : 12;
  const bytes = new Uint8Array(headBytes + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, parseInt(tag.slice(0, 4), 16), le);
  view.setUint16(2, parseInt(tag.slice(4), 16), le);
  if (syntax === 'implicitLittle') view.setUint32(4, data.length, true);
  else {
    bytes.set([vr.charCodeAt(0), vr.charCodeAt(1)], 4);
    if (isLong) view.setUint32(8, data.length, le);
    else view.setUint16(6, data.length, le);
  }
  bytes.set(data, headBytes);
  return bytes;
}

function valueBytes(vr: string, value: Value, le: boolean): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'number') {
    const bytes = new Uint8Array(vr === 'UL' ? 4 : 2);
    const view = new DataView(bytes.buffer);
    if (vr === 'UL') view.setUint32(0, value, le);
    else view.setUint16(0, value, le);
    return bytes;
  }
  const padded = value.length % 2 === 0 ? value : value + (vr === 'UI' ? '\0' : ' ');
  return Uint8Array.from(padded, (character) => character.charCodeAt(0));
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
