import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadWheels } from './wheelDownload.ts';

const ONE = { requirement: 'one-cu12==1.0', file: 'one_cu12-1.0-py3-none-any.whl', bytes: Buffer.alloc(300_000, 'one') };
const TWO = { requirement: 'two==2.0', file: 'two-2.0-py3-none-any.whl', bytes: Buffer.alloc(200_000, 'two') };
const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const parts = [ONE, TWO].map(({ requirement, bytes }) => ({ requirement, sha256: sha256Of(bytes) }));

let folder: string;
let server: Server;
let index: string;
let asked: { url: string; range?: string; authorization?: string }[];
/** What a test wants to be different. */
let answer: (request: IncomingMessage, response: ServerResponse) => boolean;
let isHtml: boolean;

beforeEach(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'maskloop-wheels-')), 'wheels');
  asked = [];
  answer = () => false;
  isHtml = false;
  server = createServer((request, response) => {
    asked.push({ url: request.url!, range: request.headers.range, authorization: request.headers.authorization });
    if (answer(request, response)) return;
    const part = [ONE, TWO].find(({ requirement, file }) => request.url === `/simple/${requirement.split('==')[0]}/` || request.url!.endsWith(file));
    if (!part) return void response.writeHead(404).end();
    if (request.url!.startsWith('/simple/')) return void response.end(pageOf(part));
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200).end(part.bytes.subarray(from));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  index = `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

function pageOf({ file, bytes }: typeof ONE): string {
  const sha256 = sha256Of(bytes);
  const other = 'f'.repeat(64);
  if (isHtml) return `<!doctype html><a href="../../files/other.whl#sha256=${other}">other</a>\n<a href="../../files/${file}#sha256=${sha256}">${file}</a>`;
  return JSON.stringify({
    files: [
      { url: '../../files/other.whl', hashes: { sha256: other } },
      { url: `../../files/${file}`, size: bytes.length, hashes: { sha256 } },
    ],
  });
}
const holds = (): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);
const failure = (detail: RegExp) => ({ error: { code: 'runtime/download-failed', detail: expect.stringMatching(detail) } });

describe('downloadWheels', () => {
  it.each(['JSON', 'HTML'])('fetches each file with the published hash from an index of %s, says how far it is, and asks for none twice', async (kind) => {
    isHtml = kind === 'HTML';
    const told: (number | null)[][] = [];
    await downloadWheels({ index, parts, folder, onProgress: (received, total) => told.push([received, total]) });
    expect(holds()).toEqual([ONE.file, TWO.file]);
    expect(readFileSync(join(folder, TWO.file)).equals(TWO.bytes)).toBe(true);
    expect(told.at(-1)).toEqual([500_000, isHtml ? null : 500_000]);
    asked = [];
    await downloadWheels({ index, parts, folder });
    expect(asked.filter(({ url }) => url.startsWith('/files'))).toEqual([]);
  });

  it('goes on where an interrupted download ended, and begins anew where the server cannot', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, `${ONE.file}.partial`), ONE.bytes.subarray(0, 100_000));
    writeFileSync(join(folder, `${TWO.file}.partial`), TWO.bytes.subarray(0, 50_000));
    answer = (request, response) => {
      if (!request.url!.endsWith(TWO.file)) return false;
      response.end(TWO.bytes);
      return true;
    };
    await downloadWheels({ index, parts, folder });
    expect(asked.filter(({ url }) => url.startsWith('/files')).map(({ range }) => range)).toEqual(['bytes=100000-', 'bytes=50000-']);
    expect(holds()).toEqual([ONE.file, TWO.file]);
  });

  it('keeps what came when the connection breaks or it is given up', async () => {
    const stopper = new AbortController();
    let times = 0;
    answer = (request, response) => {
      if (!request.url!.endsWith(ONE.file)) return false;
      response.writeHead(200, { 'content-length': ONE.bytes.length });
      response.write(ONE.bytes.subarray(0, 120_000), () => setTimeout(() => (times++ === 0 ? request.socket.destroy() : stopper.abort()), 100));
      return true;
    };
    await expect(downloadWheels({ index, parts, folder })).rejects.toMatchObject(failure(/what came is kept/));
    expect(readFileSync(join(folder, `${ONE.file}.partial`)).length).toBe(120_000);
    await expect(downloadWheels({ index, parts, folder, stop: stopper.signal })).rejects.toMatchObject({ name: 'AbortError' });
    answer = () => false;
    await downloadWheels({ index, parts, folder });
    expect(readFileSync(join(folder, ONE.file)).equals(ONE.bytes)).toBe(true);
  });

  it('throws away what is not the published file, and takes none that is not listed', async () => {
    answer = (request, response) => {
      if (!request.url!.endsWith(ONE.file)) return false;
      response.end(Buffer.alloc(ONE.bytes.length, 'bad'));
      return true;
    };
    await expect(downloadWheels({ index, parts, folder })).rejects.toMatchObject(failure(/not the published file/));
    expect(holds()).toEqual([]);
    const unknown = [{ requirement: 'one-cu12==1.0', sha256: '0'.repeat(64) }];
    await expect(downloadWheels({ index, parts: unknown, folder })).rejects.toMatchObject(failure(/no file with the published hash/));
    await expect(downloadWheels({ index, parts: [{ requirement: 'three==1', sha256: '0'.repeat(64) }], folder })).rejects.toMatchObject(
      failure(/answered with 404/),
    );
    await expect(downloadWheels({ index: 'ftp://somewhere', parts, folder })).rejects.toMatchObject({ error: { code: 'contract/bad-input' } });
    expect(holds()).toEqual([]);
  });

  it('follows to another server, and shows a password to the index alone', async () => {
    const other = createServer((request, response) => {
      asked.push({ url: `other ${request.url}`, authorization: request.headers.authorization });
      response.end(ONE.bytes);
    });
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    answer = (request, response) => {
      if (!request.url!.endsWith(ONE.file)) return false;
      response.writeHead(302, { location: `http://127.0.0.1:${(other.address() as AddressInfo).port}/store/one` }).end();
      return true;
    };
    try {
      await downloadWheels({ index: index.replace('//', '//ada:se%20cret@'), parts: parts.slice(0, 1), folder });
    } finally {
      await new Promise((done) => other.close(done));
    }
    const basic = `Basic ${Buffer.from('ada:se cret').toString('base64')}`;
    expect(asked.map(({ url, authorization }) => [url, authorization])).toEqual([
      ['/simple/one-cu12/', basic],
      [`/files/${ONE.file}`, basic],
      ['other /store/one', undefined],
    ]);
    expect(holds()).toEqual([ONE.file]);
  });
});
