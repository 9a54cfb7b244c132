/** HTTP and HTTPS to a DICOMweb node (PS3.18), with its credentials and our errors. */
import { readFile } from 'node:fs/promises';
import { request as requestPlain, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestTls } from 'node:https';
import { AppException, type AppError } from '../contract/errors.ts';
import type { SecretWebNode } from '../contract/dicomNetwork.ts';
import type { JobPort } from '../contract/jobPort.ts';
import { connectionError } from './connectionError.ts';

export interface WebRequest {
  readonly operation: 'echo' | 'search' | 'retrieve' | 'send';
  readonly method?: 'GET' | 'POST';
  /** Behind the node's URL, already escaped: `/studies?…`. */
  readonly path: string;
  readonly accept: string;
  readonly body?: { readonly contentType: string; readonly byteCount: number; readonly chunks: AsyncIterable<Uint8Array> };
  /** Statuses above 299 whose answers the caller reads. */
  readonly alsoTakes?: readonly number[];
  readonly stop?: JobPort['stop'];
}

const IDLE_MS = 2 * 60_000;
const STOP_LOOK_MS = 200;
const MAX_JSON_BYTES = 64 * 1024 * 1024;
const MAX_COMPLAINT_BYTES = 4 * 1024;

/** Resolves with an answer whose body is still to be read. Rejects with AppException `network/…`; a stop is `null`. */
export async function webRequest(node: SecretWebNode, wanted: WebRequest): Promise<IncomingMessage | null> {
  const url = new URL(node.url.replace(/\/+$/, '') + wanted.path);
  const options: RequestOptions & { ca?: Buffer } = {
    method: wanted.method ?? 'GET',
    headers: {
      accept: wanted.accept,
      ...authorization(node),
      ...(wanted.body && { 'content-type': wanted.body.contentType, 'content-length': wanted.body.byteCount }),
    },
    ...(node.caFile && { ca: await readFile(node.caFile) }),
  };
  const sent = url.protocol === 'https:' ? requestTls(url, options) : requestPlain(url, options);
  const answer = await answerTo(node, sent, wanted);
  if (!answer) return null;
  const status = answer.statusCode ?? 0;
  if ((status >= 200 && status < 300) || wanted.alsoTakes?.includes(status)) return answer;
  throw new AppException(await refusal(node, wanted, answer, status));
}

/** A JSON answer; an empty one (204) is `null`. */
export async function webJson(node: SecretWebNode, wanted: Omit<WebRequest, 'accept'>): Promise<unknown> {
  const answer = await webRequest(node, { ...wanted, accept: 'application/dicom+json' });
  return answer && readJson(node, answer);
}

export async function readJson(node: SecretWebNode, answer: IncomingMessage): Promise<unknown> {
  const text = await readText(node, answer, MAX_JSON_BYTES);
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    throw badAnswer(node, `no JSON but '${text.slice(0, 60)}'`);
  }
}

export const badAnswer = (node: SecretWebNode, detail: string): AppException => new AppException({ code: 'network/bad-answer', node: node.name, detail });

/** The chunks of an answer until it ends or is to stop; a broken connection is an AppException. */
export async function* answerChunks(node: SecretWebNode, answer: IncomingMessage, stop?: JobPort['stop']): AsyncGenerator<Buffer> {
  const look = setInterval(() => stop?.aborted && answer.destroy(), STOP_LOOK_MS);
  try {
    for await (const chunk of answer) {
      if (stop?.aborted) return;
      yield chunk as Buffer;
    }
  } catch (thrown) {
    if (stop?.aborted) return;
    throw thrown instanceof AppException ? thrown : new AppException(connectionError(node, thrown as Error));
  } finally {
    clearInterval(look);
    answer.destroy();
  }
}

function authorization({ authentication, user = '', secret = '' }: SecretWebNode): Record<string, string> {
  if (authentication === 'none') return {};
  if (authentication === 'bearer') return { authorization: `Bearer ${secret}` };
  return { authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}` };
}

async function answerTo(node: SecretWebNode, sent: ClientRequest, { body, stop }: WebRequest): Promise<IncomingMessage | null> {
  sent.setTimeout(IDLE_MS, () => sent.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
  const look = setInterval(() => stop?.aborted && sent.destroy(), STOP_LOOK_MS);
  try {
    return await new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve);
      sent.on('error', reject);
      writeBody(sent, body).catch((thrown: unknown) => {
        sent.destroy();
        reject(thrown);
      });
    });
  } catch (thrown) {
    if (stop?.aborted) return null;
    throw thrown instanceof AppException ? thrown : new AppException(connectionError(node, thrown as Error));
  } finally {
    clearInterval(look);
  }
}

async function writeBody(sent: ClientRequest, body: WebRequest['body']): Promise<void> {
  for await (const chunk of body?.chunks ?? []) {
    if (sent.destroyed) return;
    if (!sent.write(chunk))
      await new Promise<void>((resolve) => {
        const go = (): void => {
          sent.off('drain', go).off('close', go);
          resolve();
        };
        sent.on('drain', go).on('close', go);
      });
  }
  sent.end();
}

async function refusal(node: SecretWebNode, { operation }: WebRequest, answer: IncomingMessage, status: number): Promise<AppError> {
  if (status === 401 || status === 403) {
    answer.destroy();
    return { code: 'network/unauthorized', node: node.name, status };
  }
  const location = answer.headers.location;
  const told = await readText(node, answer, MAX_COMPLAINT_BYTES).catch(() => '');
  // Not followed: credentials are for this address only.
  const detail = location ? `it points to ${location}` : told.replace(/\s+/g, ' ').slice(0, 200);
  return { code: 'network/failed', node: node.name, operation, status: String(status), detail };
}

/** At most `limitBytes`: a longer JSON is refused by its parser, a longer complaint is cut. */
async function readText(node: SecretWebNode, answer: IncomingMessage, limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let byteCount = 0;
  for await (const chunk of answerChunks(node, answer)) {
    chunks.push(chunk);
    byteCount += chunk.length;
    if (byteCount > limitBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, Math.min(byteCount, limitBytes));
}
