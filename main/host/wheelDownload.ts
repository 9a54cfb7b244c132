/**
 * Published wheels from a package index that the user names (PEP 503 and 691), into a folder. What was fetched before an
 * interruption is gone on with; a file gets its name only when its hash is the published one.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import type { RuntimePart } from './gpuManifest.ts';

const ACCEPT = 'application/vnd.pypi.simple.v1+json, text/html;q=0.5';
const IDLE_MS = 60_000;
const MOST_REDIRECTS = 5;
const MAX_PAGE_BYTES = 64 * 1024 * 1024;

export interface WheelDownload {
  /** As pip's index-url: one page for each project below it. Name and password in it are sent to it alone. */
  readonly index: string;
  readonly parts: readonly RuntimePart[];
  readonly folder: string;
  /** After each chunk; of all parts, those that were there included. `totalBytes`: `null` until every size is known. */
  readonly onProgress?: (receivedBytes: number, totalBytes: number | null) => void;
  readonly stop?: AbortSignal;
}

interface Wheel {
  readonly name: string;
  readonly url: URL;
  readonly sha256: string;
  /** `null`: the index does not say. */
  readonly byteCount: number | null;
}

/** Throws AppException `runtime/download-failed` (what came before stays), contract/bad-input for an address that is none; the reason of `stop` when it is given up. */
export async function downloadWheels({ index, parts, folder, onProgress, stop }: WheelDownload): Promise<void> {
  const base = indexUrl(index);
  const wheels = await Promise.all(parts.map((part) => findWheel(base, part, stop)));
  const sizes = wheels.map(({ byteCount }) => byteCount);
  const totalBytes = sizes.every((size) => size !== null) ? sizes.reduce((sum, size) => sum + size!, 0) : null;
  await mkdir(folder, { recursive: true });
  let before = 0;
  for (const wheel of wheels) {
    const received = await fetchWheel(base, wheel, folder, stop, (bytes) => onProgress?.(before + bytes, totalBytes));
    before += received;
    onProgress?.(before, totalBytes);
  }
}

/** Throws AppException contract/bad-input. */
function indexUrl(text: string): URL {
  try {
    const url = new URL(text.replace(/\/*$/, '/'));
    if (url.protocol === 'https:' || url.protocol === 'http:') return url;
  } catch {
    // said below
  }
  throw new AppException({
    code: 'contract/bad-input',
    issues: [`'${text}' is no address of a package index: it begins with https:// (pip calls it index-url)`],
  });
}

async function findWheel(base: URL, { requirement, sha256 }: RuntimePart, stop?: AbortSignal): Promise<Wheel> {
  const page = new URL(`${requirement.split('==')[0]!}/`, base);
  const answer = await ask(base, page, { accept: ACCEPT }, requirement, stop);
  if (answer.response.statusCode !== 200) throw failed(requirement, `${page.host} answered with ${answer.response.statusCode}`);
  const text = await readPage(answer.response, requirement);
  const found = wheelOnPage(text, sha256, () => failed(requirement, `${page.host} is no package index`));
  if (!found) throw failed(requirement, `${page.host} has no file with the published hash`);
  const url = new URL(found.url, answer.url);
  return { name: decodeURIComponent(url.pathname.split('/').at(-1)!), url, sha256, byteCount: found.byteCount };
}

const IndexPage = z.object({ files: z.array(z.object({ url: z.string(), size: z.number().optional(), hashes: z.record(z.string(), z.string()) })) });

interface Found {
  readonly url: string;
  readonly byteCount: number | null;
}

function wheelOnPage(text: string, sha256: string, unreadable: () => AppException): Found | null {
  if (!text.trimStart().startsWith('{')) return wheelOfHtml(text, sha256);
  try {
    return wheelOfJson(text, sha256);
  } catch {
    throw unreadable();
  }
}

function wheelOfJson(text: string, sha256: string): Found | null {
  const { files } = IndexPage.parse(JSON.parse(text));
  const file = files.find(({ hashes }) => hashes.sha256 === sha256);
  return file ? { url: file.url, byteCount: file.size ?? null } : null;
}

function wheelOfHtml(text: string, sha256: string): Found | null {
  const link = [...text.matchAll(/href="([^"]+)"/g)].map((match) => match[1]!.replaceAll('&amp;', '&')).find((href) => href.endsWith(`#sha256=${sha256}`));
  return link === undefined ? null : { url: link.slice(0, link.indexOf('#')), byteCount: null };
}

/** Returns how many bytes it has. */
async function fetchWheel(base: URL, wheel: Wheel, folder: string, stop: AbortSignal | undefined, onBytes: (bytes: number) => void): Promise<number> {
  const path = join(folder, wheel.name);
  const whole = await bytesOf(path);
  if (whole > 0 && (await hashOf(path)) === wheel.sha256) return whole;
  const partial = `${path}.partial`;
  let bytes = await bytesOf(partial);
  if (wheel.byteCount === null || bytes < wheel.byteCount) bytes = await fetchRest(base, wheel, partial, bytes, stop, onBytes);
  const sha256 = await hashOf(partial);
  if (sha256 !== wheel.sha256) {
    await rm(partial);
    throw failed(wheel.name, `what came is not the published file (SHA-256 ${sha256} instead of ${wheel.sha256}) and was thrown away`);
  }
  await rename(partial, path);
  return bytes;
}

/** Behind the `have` bytes of a file, where the server can do that; else the whole. Returns how many it has then. */
async function fetchRest(
  base: URL,
  wheel: Wheel,
  partial: string,
  have: number,
  stop: AbortSignal | undefined,
  onBytes: (bytes: number) => void,
): Promise<number> {
  const { response } = await ask(base, wheel.url, have > 0 ? { range: `bytes=${have}-` } : {}, wheel.name, stop);
  if (response.statusCode === 416) {
    response.destroy();
    return have; // nothing is left: the hash will say whether it is right
  }
  if (response.statusCode !== 200 && response.statusCode !== 206) throw failed(wheel.name, `${wheel.url.host} answered with ${response.statusCode}`);
  const goesOn = response.statusCode === 206;
  let bytes = goesOn ? have : 0;
  try {
    await pipeline(
      response,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          bytes += chunk.length;
          onBytes(bytes);
          yield chunk;
        }
      },
      createWriteStream(partial, { flags: goesOn ? 'a' : 'w' }),
    );
  } catch (thrown) {
    throw stop?.aborted ? stop.reason : failed(wheel.name, `${thrown instanceof Error ? thrown.message : String(thrown)}; what came is kept`);
  }
  return bytes;
}

/** Follows redirects. Resolves with an answer whose body is still to be read. */
async function ask(
  base: URL,
  url: URL,
  headers: Record<string, string>,
  what: string,
  stop?: AbortSignal,
  redirects = 0,
): Promise<{ url: URL; response: IncomingMessage }> {
  const response = await new Promise<IncomingMessage>((done, fail) => {
    const plain = new URL(url);
    plain.username = plain.password = '';
    const send = url.protocol === 'https:' ? requestTls : requestPlain;
    const sent = send(plain, { headers: { ...headers, ...credentials(base, url) }, signal: stop }, done);
    sent.setTimeout(IDLE_MS, () => sent.destroy(new Error(`no answer for ${IDLE_MS / 1000} s`)));
    sent.on('error', (thrown) => fail(stop?.aborted ? stop.reason : failed(what, `${url.host}: ${thrown.message}`)));
    sent.end();
  });
  const { location } = response.headers;
  const isRedirect = location !== undefined && [301, 302, 303, 307, 308].includes(response.statusCode!);
  if (!isRedirect) return { url, response };
  response.resume();
  if (redirects === MOST_REDIRECTS) throw failed(what, `${url.host} redirects again and again`);
  return ask(base, new URL(location, url), headers, what, stop, redirects + 1);
}

/** To the index, and to nobody that it redirects to. */
function credentials(base: URL, url: URL): Record<string, string> {
  if (base.username === '' || url.origin !== base.origin) return {};
  const text = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` };
}

async function readPage(response: IncomingMessage, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_PAGE_BYTES) throw failed(what, 'the page of the index is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** 0: it is not there. */
const bytesOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'ENOENT') return 0;
      throw thrown;
    },
  );

export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

const failed = (file: string, detail: string): AppException => new AppException({ code: 'runtime/download-failed', file, detail });
