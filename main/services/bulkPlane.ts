/** Voxels on their way to and from the viewer, as streams: a stored volume is its file without the header. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type AppError, AppException, toAppError } from '../contract/errors.ts';
import { BYTES_PER_LABEL } from '../contract/labelType.ts';
import { CaseId, Revision, UploadId, type Grid, type VoxelType } from '../contract/vocabulary.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { requireNoWayOut } from '../dataset/insideProject.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { readUncertainty } from '../dataset/uncertaintyFiles.ts';
import { contentBytes, streamFile } from '../vault/readSealed.ts';
import { requireCase } from './caseSummary.ts';
import { appendToJournal, openJournal } from './journalServices.ts';
import type { ProjectSession } from './projectSession.ts';
import type { BulkAnswer, BulkPlane } from './services.ts';
import type { Thumbnails } from './thumbnails.ts';
import { isMissingFile } from '../dataset/readIfThere.ts';

/** Voxels of a NIfTI-1 file of ours begin here. */
const HEADER_BYTES = 352;
/** `bitpix` of a NIfTI-1 header. */
const BITS_AT_BYTE = 72;
/** Node's 16 KiB would make thousands of pieces of a mask. */
const UNPACKED_AT_ONCE = 2 ** 20;
const BYTES_PER_VOXEL: Record<VoxelType, number> = { uint8: 1, int16: 2, uint16: 2, float32: 4 };

/** `ownUserName`: of whoever needs not sign in. */
export function createBulkPlane(session: ProjectSession, thumbnails: Thumbnails, ownUserName: string): BulkPlane {
  return {
    get: (path, userName = ownUserName) =>
      answerBulk(session, () => {
        if (path.startsWith('/thumbnail/')) return openThumbnail(session, thumbnails, path);
        const { store } = session.current();
        return path.startsWith('/journal/') ? openStrokes(store, path, userName) : openVoxels(store, path);
      }),
    upload: (body) =>
      answerBulk(session, () => {
        session.requireWritable();
        return session.during(({ store }) => receiveUpload(store, body));
      }),
    append: (path, body, userName = ownUserName) =>
      answerBulk(session, () => {
        session.requireWritable();
        return session.during(async ({ store }) => json(200, await appendToJournal(store, path, body, userName)));
      }),
  };
}

async function openStrokes(store: ProjectStore, path: string, userName: string): Promise<BulkAnswer> {
  const { byteCount, body } = await openJournal(store, path, userName);
  return octets(body, byteCount);
}

async function openVoxels(store: ProjectStore, path: string): Promise<BulkAnswer> {
  const [, kind, caseName, number] = /^\/(volume|labels|background|uncertainty)\/([^/]+)\/(\d{1,9})$/.exec(path) ?? [];
  const caseId = CaseId.safeParse(caseName);
  if (!kind || !caseId.success) throw new AppException({ code: 'contract/bad-input', issues: [`no voxels at '${path}'`] });
  if (kind === 'volume') return openChannel(store, caseId.data, Number(number));
  if (kind === 'uncertainty') return openUncertainty(store, caseId.data, Number(number));
  return openLabels(store, caseId.data, Number(number), kind === 'background');
}

async function openThumbnail(session: ProjectSession, thumbnails: Thumbnails, path: string): Promise<BulkAnswer> {
  const { store } = session.current();
  const [, caseName, revision] = /^\/thumbnail\/([^/]+)\/(\d{1,9})$/.exec(path) ?? [];
  const caseId = CaseId.safeParse(caseName);
  if (!caseId.success) throw new AppException({ code: 'contract/bad-input', issues: [`no thumbnail at '${path}'`] });
  const file = await thumbnails.file(caseId.data, Number(revision));
  // That of a project which is only looked at lies in a folder of our own.
  const size = await (store.readOnly ? contentBytes(file) : ownBytes(store, file));
  return { status: 200, contentType: 'image/png', contentLength: size, body: streamFile(file) };
}

async function openChannel(store: ProjectStore, caseId: CaseId, channelIndex: number): Promise<BulkAnswer> {
  const { image } = requireCase(store, caseId);
  const file = image.files[channelIndex];
  if (file === undefined) throw new AppException({ code: 'not-found', what: 'case', id: `${caseId}/${channelIndex}` });
  const expectedBytes = voxelCount(image.grid) * BYTES_PER_VOXEL[image.voxelType];
  const actualBytes = (await ownBytes(store, file)) - HEADER_BYTES;
  if (actualBytes !== expectedBytes) {
    const detail = `${actualBytes} bytes of voxels instead of ${expectedBytes}`;
    throw new AppException({ code: 'disk/corrupt', path: file, detail });
  }
  return octets(streamFile(file, { start: HEADER_BYTES }), expectedBytes);
}

async function openLabels(store: ProjectStore, caseId: CaseId, number: number, isBackground: boolean): Promise<BulkAnswer> {
  const { image } = requireCase(store, caseId);
  const revision = Revision.safeParse(number);
  if (!revision.success || !store.revisions.find(caseId, revision.data))
    throw new AppException({ code: 'not-found', what: 'revision', id: `${caseId}/${number}` });
  if (isBackground && store.revisions.completeness(caseId, revision.data).backgroundVoxelCount === 0)
    throw new AppException({ code: 'not-found', what: 'revision', id: `${caseId}/${number}/background` });
  const file = isBackground ? store.folder.paintedBackground(caseId, revision.data) : store.folder.revision(caseId, revision.data);
  await ownBytes(store, file);
  const expectedBytes = voxelCount(image.grid) * (await bytesPerLabel(file));
  return octets(Readable.from(gunzippedVoxels(file, expectedBytes), { objectMode: false }), expectedBytes);
}

async function openUncertainty(store: ProjectStore, caseId: CaseId, number: number): Promise<BulkAnswer> {
  const { image } = requireCase(store, caseId);
  const info = number > 0 ? store.revisions.find(caseId, number) : undefined;
  if (!info || !(await readUncertainty(store.folder, { caseId, ...info })))
    throw new AppException({ code: 'not-found', what: 'uncertainty', id: `${caseId}/${number}` });
  const file = store.folder.uncertaintyMap(caseId, info.revision);
  await ownBytes(store, file);
  const expectedBytes = voxelCount(image.grid);
  return octets(Readable.from(gunzippedVoxels(file, expectedBytes), { objectMode: false }), expectedBytes);
}

/** The type of a stored label map, from its NIfTI-1 header. Throws `disk/corrupt`. */
async function bytesPerLabel(file: string): Promise<number> {
  const corrupt = (detail: string) => new AppException({ code: 'disk/corrupt', path: file, detail });
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of unpackedChunks(file)) {
      head = Buffer.concat([head, chunk]);
      if (head.length >= HEADER_BYTES) break;
    }
  } catch (thrown) {
    const isDamage = thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('Z_');
    throw isDamage ? corrupt(thrown.message) : thrown;
  }
  if (head.length < HEADER_BYTES) throw corrupt('the header is cut off');
  const bits = head.readInt16LE(BITS_AT_BYTE);
  const known = Object.values(BYTES_PER_LABEL).find((bytes) => bytes * 8 === bits);
  if (known === undefined) throw corrupt(`${bits} bits for each label`);
  return known;
}

async function* unpackedChunks(file: string): AsyncGenerator<Buffer> {
  const packed = streamFile(file);
  const unpacked = createGunzip({ chunkSize: UNPACKED_AT_ONCE });
  packed.on('error', (problem) => unpacked.destroy(problem));
  packed.pipe(unpacked);
  try {
    yield* unpacked as AsyncIterable<Buffer>;
  } finally {
    packed.destroy();
  }
}

/** Unpacks beyond the header. A damaged file breaks the stream, so that nobody takes half a labelmap for a whole one. */
async function* gunzippedVoxels(file: string, expectedBytes: number): AsyncGenerator<Uint8Array> {
  let toSkip = HEADER_BYTES;
  let passed = 0;
  for await (const chunk of unpackedChunks(file)) {
    const rest = chunk.subarray(Math.min(toSkip, chunk.length));
    toSkip -= chunk.length - rest.length;
    passed += rest.length;
    if (rest.length > 0) yield rest;
  }
  if (passed !== expectedBytes) throw new AppException({ code: 'disk/corrupt', path: file, detail: `${passed} bytes of voxels instead of ${expectedBytes}` });
}

/** Stores at most the bytes of a label map of the project's largest image in 16 bits. */
async function receiveUpload(store: ProjectStore, body: Readable): Promise<BulkAnswer> {
  const largest = Math.max(0, ...store.cases.list().map(({ image }) => voxelCount(image.grid)));
  const uploadId = UploadId.parse(`upload-${randomBytes(8).toString('hex')}`);
  await writeFileAtomic(store.folder.upload(uploadId), limited(body, largest * BYTES_PER_LABEL.uint16));
  return json(200, { uploadId });
}

async function* limited(body: Readable, limitBytes: number): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > limitBytes)
      throw new AppException({ code: 'contract/bad-input', issues: [`upload: no label map of this project has more than ${limitBytes} bytes`] });
    yield chunk;
  }
}

/** Bytes of the content of a file that a row points at: if it is not there, the project is damaged; if it leads out of the project, it is a trap. */
async function ownBytes({ folder }: ProjectStore, file: string): Promise<number> {
  try {
    await requireNoWayOut(folder.path, file);
    return await contentBytes(file);
  } catch (thrown) {
    if (isMissingFile(thrown)) throw new AppException({ code: 'disk/corrupt', path: file, detail: 'the file is missing' });
    throw thrown;
  }
}

function voxelCount({ dimsIjk: [ni, nj, nk] }: Grid): number {
  return ni * nj * nk;
}

function octets(body: Readable, contentLength: number): BulkAnswer {
  return { status: 200, contentType: 'application/octet-stream', contentLength, body };
}

function json(status: number, value: unknown): BulkAnswer {
  const bytes = Buffer.from(JSON.stringify(value));
  return { status, contentType: 'application/json', contentLength: bytes.length, body: Readable.from([bytes]) };
}

async function answerBulk(session: ProjectSession, work: () => Promise<BulkAnswer>): Promise<BulkAnswer> {
  try {
    return await work();
  } catch (thrown) {
    const error = session.explain(toAppError(thrown));
    return json(statusOf(error), error);
  }
}

function statusOf(error: AppError): number {
  switch (error.code) {
    case 'contract/bad-input':
      return 400;
    case 'not-found':
      return 404;
    case 'project/none-open':
    case 'project/read-only':
      return 409;
    case 'disk/full':
      return 507;
    default:
      return 500;
  }
}
