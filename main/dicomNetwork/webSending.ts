/** STOW-RS (PS3.18 section 10.5): files as they are, several in a request. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { SecretWebNode } from '../contract/dicomNetwork.ts';
import { streamFile } from '../vault/readSealed.ts';
import type { FileToSend, SendingEvents } from './sending.ts';
import { readJson, webRequest, type WebRequest } from './webRequest.ts';

const FILES_PER_REQUEST = 50;
const BYTES_PER_REQUEST = 128 * 1024 * 1024;
const [FAILED_SOP_SEQUENCE, FAILURE_REASON, REFERENCED_SOP_SEQUENCE, REFERENCED_SOP_UID] = ['00081198', '00081197', '00081199', '00081155'] as const;
/** Some or all objects were refused, and the answer says which. */
const CONFLICT = 409;

const Field = z.looseObject({ Value: z.array(z.unknown()).optional() });
const Reference = z.record(z.string(), Field);
const Answer = z.looseObject({
  [FAILED_SOP_SEQUENCE]: z.looseObject({ Value: z.array(Reference).optional() }).optional(),
  [REFERENCED_SOP_SEQUENCE]: z.looseObject({ Value: z.array(Reference).optional() }).optional(),
});

/** Rejects with AppException when the node cannot be talked to; a file that it does not take is told to `events`. */
export async function sendByWeb(node: SecretWebNode, files: readonly FileToSend[], events: SendingEvents): Promise<void> {
  for (const group of groupsOf(files)) {
    if (events.stop.aborted) return;
    const boundary = `maskloop-${randomBytes(16).toString('hex')}`;
    const answer = await webRequest(node, {
      operation: 'send',
      method: 'POST',
      path: '/studies',
      accept: 'application/dicom+json',
      body: bodyOf(group, boundary),
      alsoTakes: [CONFLICT],
      stop: events.stop,
    });
    if (!answer) return;
    const isConflict = answer.statusCode === CONFLICT;
    tellOutcome(group, await readJson(node, answer), isConflict, events);
  }
}

/** An object in neither list was taken unless the whole request was in conflict. */
function tellOutcome(group: readonly FileToSend[], json: unknown, isConflict: boolean, events: SendingEvents): void {
  const told = Answer.safeParse(json);
  const referencesIn = (tag: typeof FAILED_SOP_SEQUENCE | typeof REFERENCED_SOP_SEQUENCE) => (told.success ? (told.data[tag]?.Value ?? []) : []);
  const failed = new Map(referencesIn(FAILED_SOP_SEQUENCE).map((item) => [String(item[REFERENCED_SOP_UID]?.Value?.[0]), item[FAILURE_REASON]?.Value?.[0]]));
  const kept = new Set(referencesIn(REFERENCED_SOP_SEQUENCE).map((item) => String(item[REFERENCED_SOP_UID]?.Value?.[0])));
  for (const { path, head } of group) {
    const reason = failed.get(head.sopInstanceUid);
    if (failed.has(head.sopInstanceUid))
      events.onRefused(path, `reason ${typeof reason === 'number' ? `0x${reason.toString(16).toUpperCase().padStart(4, '0')}` : 'not told'}`);
    else if (isConflict && !kept.has(head.sopInstanceUid)) events.onRefused(path, 'the node refused the request');
    else events.onSent(path);
  }
}

function bodyOf(group: readonly FileToSend[], boundary: string): NonNullable<WebRequest['body']> {
  const head = Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`);
  const between = Buffer.from('\r\n');
  const tail = Buffer.from(`--${boundary}--\r\n`);
  const byteCount = group.reduce((sum, file) => sum + head.length + file.head.fileBytes + between.length, tail.length);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const { path, head: facts } of group) {
      yield head;
      // Not more than was announced, should the file grow meanwhile.
      for await (const chunk of streamFile(path, { end: facts.fileBytes - 1 })) yield chunk as Buffer;
      yield between;
    }
    yield tail;
  }
  return { contentType: `multipart/related; type="application/dicom"; boundary=${boundary}`, byteCount, chunks: chunks() };
}

function groupsOf(files: readonly FileToSend[]): FileToSend[][] {
  const groups: FileToSend[][] = [];
  let byteCount = Infinity;
  for (const file of files) {
    byteCount += file.head.fileBytes;
    if (byteCount > BYTES_PER_REQUEST || groups.at(-1)!.length === FILES_PER_REQUEST) {
      groups.push([]);
      byteCount = file.head.fileBytes;
    }
    groups.at(-1)!.push(file);
  }
  return groups;
}
