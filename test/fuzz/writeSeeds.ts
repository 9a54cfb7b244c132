/** Healthy files of every kind that comes from outside, each in a folder with what belongs to it; all synthetic and small. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { Provenance } from '../../main/contract/provenance.ts';
import { Grid, type Segment } from '../../main/contract/vocabulary.ts';
import { dicomReferenceOf } from '../../main/formats/dicom/dicomReferenceOf.ts';
import { parseDicom } from '../../main/formats/dicom/parseDicom.ts';
import type { CodecName } from '../../main/formats/dicom/pixels/pixelCodecs.ts';
import { writeImplicitDicom } from '../../main/formats/dicom/write/writeDicom.ts';
import { writeDicomSeg } from '../../main/formats/dicomSeg/writeDicomSeg.ts';
import { writeMetaImage } from '../../main/formats/metaImage/writeMetaImage.ts';
import { niftiChunks } from '../../main/formats/nifti/writeNifti.ts';
import { writeNrrd } from '../../main/formats/nrrd/writeNrrd.ts';
import { rtStructOf } from '../../main/formats/rtStruct/rtStructOf.ts';
import { encapsulate, offsetTable } from '../phantoms/encapsulate.ts';
import { encodeFrame } from '../phantoms/encodeFrame.ts';
import { writeDicomSeries } from '../phantoms/writeDicomSeries.ts';

export interface FuzzSeed {
  readonly name: string;
  /** Imported as a whole after each change of `file`. */
  readonly folder: string;
  readonly file: string;
  /** The change is made to the bytes inside the gzip stream. */
  readonly isGzipped?: true;
}

const SYNTAX_OF: Readonly<Record<CodecName, string>> = {
  jpeg: '1.2.840.10008.1.2.4.70',
  jpegLs: '1.2.840.10008.1.2.4.80',
  jpeg2000: '1.2.840.10008.1.2.4.90',
  htj2k: '1.2.840.10008.1.2.4.201',
};
const DEFLATED = '1.2.840.10008.1.2.1.99';
const grid = Grid.parse({ dimsIjk: [16, 12, 5], spacingMm: [1.5, 2, 3], originLpsMm: [-20, -30, 40], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
const voxelCount = 16 * 12 * 5;
const image = Int16Array.from({ length: voxelCount }, (_, n) => Math.round(900 * Math.sin(n / 31) + (n % 16) * 20));
const labels = Uint8Array.from({ length: voxelCount }, (_, n) => (n % 16 > 3 && n % 16 < 9 && n % 192 > 40 ? (n % 2) + 1 : 0));
const segments: Segment[] = [
  {
    labelValue: 1,
    name: 'liver',
    colorRgb: [200, 60, 60],
    codes: { category: { scheme: 'SCT', value: '123037004', meaning: 'Anatomical Structure' }, type: { scheme: 'SCT', value: '10200004', meaning: 'Liver' } },
  },
  { labelValue: 2, name: 'lesion', colorRgb: [60, 200, 60] },
];
const provenance: Provenance = { softwareVersion: '0', origin: 'manual', models: [], author: 'A^B', savedAtMs: 0, accepted: null };
const random = (count: number) => new Uint8Array(count).fill(7);
const gzip = (bytes: Uint8Array) => Promise.resolve(new Uint8Array(gzipSync(bytes)));
const deflate = (bytes: Uint8Array) => Promise.resolve(new Uint8Array(deflateSync(bytes)));

/** Writes them below `root`. */
export async function writeSeeds(root: string): Promise<FuzzSeed[]> {
  const seeds: FuzzSeed[] = [];
  const add = (name: string, file: string, bytes: Uint8Array, beside: Readonly<Record<string, Uint8Array>> = {}, isGzipped?: true) => {
    const folder = join(root, name);
    mkdirSync(folder);
    for (const [other, content] of Object.entries({ ...beside, [file]: bytes })) writeFileSync(join(folder, other), content);
    seeds.push({ name, folder, file: join(folder, file), ...(isGzipped && { isGzipped }) });
  };
  dicomSeeds(add);
  derivedSeeds(add);
  await volumeSeeds(add);
  return seeds;
}

type Add = (name: string, file: string, bytes: Uint8Array, beside?: Readonly<Record<string, Uint8Array>>, isGzipped?: true) => void;

const series = writeDicomSeries(grid, image);
const named = (files: readonly Uint8Array[]) => Object.fromEntries(files.map((bytes, n) => [`image${n}.dcm`, bytes]));

function dicomSeeds(add: Add): void {
  const [first, ...others] = series;
  add('dicom-explicit', 'image0.dcm', first!, named(series));
  for (const transferSyntax of ['implicitLittle', 'explicitBig'] as const)
    add(`dicom-${transferSyntax}`, 'a.dcm', writeDicomSeries(grid, image, { transferSyntax })[0]!);
  add('dicom-bare', 'a.dcm', writeDicomSeries(grid, image, { transferSyntax: 'implicitLittle', hasPreamble: false })[0]!);
  const plain = writeDicomSeries(grid, image, { declaredSyntax: DEFLATED })[0]!;
  const start = parseDicom(first!, 'seed').dataSet.elements['x00080016']!.dataOffset - 8;
  const shift = plain.length - first!.length;
  add('dicom-deflated', 'a.dcm', Uint8Array.from(Buffer.concat([plain.subarray(0, start + shift), deflateRawSync(plain.subarray(start + shift))])));
  const frame = Uint16Array.from(image.subarray(0, 192), (value) => value + 2000);
  for (const codec of Object.keys(SYNTAX_OF) as CodecName[]) {
    const declared = writeDicomSeries(grid, image, { declaredSyntax: SYNTAX_OF[codec], bitsStored: 12 })[0]!;
    add(`dicom-${codec}`, 'a.dcm', encapsulate(declared, [offsetTable([0]), encodeFrame(codec, frame, { rows: 12, columns: 16, bits: 12 })]));
  }
  const rle = encapsulate(writeDicomSeries(grid, image, { declaredSyntax: '1.2.840.10008.1.2.5' })[0]!, [new Uint8Array(0), rleOf(image.subarray(0, 192))]);
  add('dicom-rle', 'a.dcm', rle);
  if (others.length === 0) throw new Error('the series of the seeds has one slice only');
}

/** Two segments, high bytes first, in literal runs (PS3.5 annex G). */
function rleOf(pixels: Int16Array): Uint8Array {
  const planes = [8, 0].map((shift) => Uint8Array.from(pixels, (value) => (value >> shift) & 0xff));
  const runs = planes.map((plane) => Buffer.concat([Buffer.of(127), plane.subarray(0, 128), Buffer.of(63), plane.subarray(128, 192)]));
  const head = Buffer.alloc(64);
  head.writeUInt32LE(2, 0);
  head.writeUInt32LE(64, 4);
  head.writeUInt32LE(64 + runs[0]!.length, 8);
  return Uint8Array.from(Buffer.concat([head, ...runs]));
}

/** SEG and RTSTRUCT, with the series they belong to. */
function derivedSeeds(add: Add): void {
  const keys = series.map((bytes) => parseDicom(bytes, 'seed').dataSet.string('x00080018')!);
  const reference = dicomReferenceOf(parseDicom(series[0]!, 'seed').dataSet, keys);
  const source = { grid, labels, segments, reference, provenance, nowMs: 0, random };
  for (const type of ['BINARY', 'LABELMAP'] as const) add(`seg-${type}`, 'seg.dcm', writeDicomSeg({ ...source, type, subject: 'seed' }), named(series));
  add('rtstruct', 'rs.dcm', writeImplicitDicom(rtStructOf(source)), named(series));
}

async function volumeSeeds(add: Add): Promise<void> {
  const [header, voxels] = niftiChunks(grid, image);
  const nifti = Uint8Array.from(Buffer.concat([header, voxels]));
  add('nifti', 'a.nii', nifti);
  add('nifti-gz', 'a.nii.gz', new Uint8Array(gzipSync(nifti)));
  add('nifti-in-gz', 'a.nii.gz', new Uint8Array(gzipSync(nifti)), {}, true);
  const pair = Uint8Array.from(header.subarray(0, 348));
  new DataView(pair.buffer).setFloat32(108, 0, true);
  pair.set([0x6e, 0x69, 0x31, 0], 344);
  add('nifti-pair', 'a.hdr', pair, { 'a.img': Uint8Array.from(voxels) });
  add('nrrd', 'a.nrrd', await writeNrrd({ grid, voxels: image }, gzip));
  add('nrrd-segments', 'a_seg.seg.nrrd', await writeNrrd({ grid, voxels: labels, segments }, gzip), {
    'a.nrrd': await writeNrrd({ grid, voxels: image }, gzip),
  });
  const text = [
    'NRRD0004',
    'type: short',
    'dimension: 3',
    'space: left-posterior-superior',
    'sizes: 16 12 5',
    'space directions: (1.5,0,0) (0,2,0) (0,0,3)',
    'kinds: domain domain domain',
    'endian: little',
    'encoding: raw',
    'space origin: (0,0,0)',
    'data file: a.raw',
    '',
    '',
  ];
  add('nhdr', 'a.nhdr', new TextEncoder().encode(text.join('\n')), { 'a.raw': Uint8Array.from(voxels) });
  add('metaimage', 'a.mha', await writeMetaImage({ grid, voxels: image }, deflate));
}
