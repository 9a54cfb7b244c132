/** The transport alone: real HTTP requests against a real server; the services behind it are a recording fake. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppEvent, Handlers } from '../contract/api.ts';
import { ok } from '../contract/errors.ts';
import type { BulkAnswer, Services } from '../services/services.ts';
import { startHttpHost, type HttpHost } from './httpHost.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** `path` goes out as written (fetch would resolve dot segments before sending). */
function send(port: number, path: string, { method = 'GET', headers = {}, body }: Sent = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const json = (status: number, value: unknown): BulkAnswer => {
  const bytes = Buffer.from(JSON.stringify(value));
  return { status, contentType: 'application/json', contentLength: bytes.length, body: Readable.from([bytes]) };
};

class FakeServices {
  readonly calls: { name: string; input: unknown }[] = [];
  readonly listeners = new Set<(event: AppEvent) => void>();
  uploadedBytes = 0;
  readonly windows = new Set<string>();
  readonly services: Services = {
    handlers: new Proxy({} as Handlers, {
      get: (_target, name) => (input: unknown) => {
        this.calls.push({ name: String(name), input });
        return Promise.resolve(ok({ project: null }));
      },
    }),
    handlersOf: () => this.services.handlers,
    openImages: () => undefined,
    askForPassphrase: () => undefined,
    bulk: {
      get: (path) =>
        Promise.resolve(
          path === '/volume/case1/0'
            ? { status: 200, contentType: 'application/octet-stream', contentLength: 4, body: Readable.from([Buffer.from([1, 2, 3, 4])]) }
            : json(404, { code: 'not-found', what: 'case', id: path }),
        ),
      upload: async (body) => {
        for await (const chunk of body as AsyncIterable<Buffer>) this.uploadedBytes += chunk.length;
        return json(200, { uploadId: 'u1' });
      },
      append: async (path, body, userName) => {
        for await (const chunk of body as AsyncIterable<Buffer>) this.uploadedBytes += chunk.length;
        return json(200, { path, userName: userName ?? null });
      },
    },
    windows: {
      arrive: (windowId) => {
        this.windows.add(windowId);
        return () => this.windows.delete(windowId);
      },
    },
    subscribe: (listener) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    },
    close: () => Promise.resolve(),
  };
}

let folder: string;
let fake: FakeServices;
let host: HttpHost;
let problems: unknown[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'maskloop-host-'));
  mkdirSync(join(folder, 'renderer/assets'), { recursive: true });
  writeFileSync(join(folder, 'renderer/index.html'), '<title>Maskloop</title>');
  writeFileSync(join(folder, 'renderer/assets/index.js'), 'export {};');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  symlinkSync(join(folder, 'secret.txt'), join(folder, 'renderer/link.txt'));
  fake = new FakeServices();
  problems = [];
  host = await startHttpHost({
    services: fake.services,
    rendererFolder: join(folder, 'renderer'),
    port: 0,
    heartbeatMs: 20,
    maxCallBytes: 1000,
    maxUploadBytes: 100_000,
    onProblem: (problem) => problems.push(problem),
  });
});
afterEach(async () => {
  await host.close();
  rmSync(folder, { recursive: true, force: true });
  expect(problems).toEqual([]);
});

const pathOf = (link: string | null): string => {
  const url = new URL(link ?? '');
  return url.pathname + url.search;
};

/** Walks in through the printed link; returns the headers that a browser would send from then on. */
async function enter(): Promise<{ cookie: string; origin: string }> {
  const answer = await send(host.port, pathOf(host.newLink()));
  const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  return { cookie, origin: `http://127.0.0.1:${host.port}` };
}

const call = (headers: Record<string, string>, body: string | Buffer = JSON.stringify({ name: 'project.current', input: {} })) =>
  send(host.port, '/api/call', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });

describe('the one-time link', () => {
  it('is exchanged for an HttpOnly, SameSite=Strict cookie and leads to /', async () => {
    const answer = await send(host.port, pathOf(host.newLink()));
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe('/');
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^maskloop_session_\d+=[\w-]{32}; HttpOnly; SameSite=Strict; Path=\/$/);
  });

  it('works once; a second browser is told so', async () => {
    const link = pathOf(host.newLink());
    const first = await send(host.port, link);
    const second = await send(host.port, link);
    expect(first.status).toBe(303);
    expect(second.status).toBe(403);
    expect(second.text).toContain('used already');
    expect(second.headers['set-cookie']).toBeUndefined();
  });

  it('may be reloaded by the browser that used it', async () => {
    const link = pathOf(host.newLink());
    const cookie = (await send(host.port, link)).headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    expect((await send(host.port, link, { headers: { cookie } })).status).toBe(303);
  });

  it('stops working when a newer one was printed, and a guess never works', async () => {
    const old = pathOf(host.newLink());
    const current = pathOf(host.newLink());
    expect((await send(host.port, old)).status).toBe(403);
    expect((await send(host.port, '/?token=guess')).status).toBe(403);
    expect((await send(host.port, current)).status).toBe(303);
  });
});

describe('guessing', () => {
  it('is not guessed at for long', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 11; n++) statuses.push((await send(host.port, `/?token=guess${n}`)).status);
    expect(statuses).toEqual([...Array<number>(10).fill(403), 429]);
    const refused = await send(host.port, pathOf(host.newLink()));
    expect([refused.status, Number(refused.headers['retry-after']) > 0]).toEqual([429, true]);
  });
});

describe('without the cookie', () => {
  it.each(['/', '/index.html', '/assets/index.js', '/volume/case1/0', '/api/events', '/labels/case1/1'])('%s is refused', async (path) => {
    const answer = await send(host.port, path);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('link');
  });

  it('a call, an upload and a wrong cookie are refused', async () => {
    const { origin, cookie } = await enter();
    expect((await call({ origin })).status).toBe(403);
    expect((await call({ origin, cookie: `${cookie.split('=')[0]}=wrong` })).status).toBe(403);
    expect((await send(host.port, '/upload', { method: 'POST', headers: { origin }, body: 'x' })).status).toBe(403);
    expect(fake.calls).toEqual([]);
    expect(fake.uploadedBytes).toBe(0);
  });
});

describe('with the cookie', () => {
  it('serves the bundle with its types, and every answer carries the security headers', async () => {
    const { cookie } = await enter();
    const page = await send(host.port, '/', { headers: { cookie } });
    expect([page.status, page.headers['content-type'], page.text]).toEqual([200, 'text/html; charset=utf-8', '<title>Maskloop</title>']);
    const script = await send(host.port, '/assets/index.js?v=1', { headers: { cookie } });
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
    for (const { headers } of [page, script, await send(host.port, '/nowhere', { headers: { cookie } })]) {
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['content-security-policy']).not.toContain('unsafe-eval');
      expect(headers['cross-origin-opener-policy']).toBe('same-origin');
      expect(headers['cross-origin-embedder-policy']).toBe('require-corp');
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('HEAD sends the length and no body', async () => {
    const { cookie } = await enter();
    const answer = await send(host.port, '/volume/case1/0', { method: 'HEAD', headers: { cookie } });
    expect([answer.status, answer.headers['content-length'], answer.text]).toEqual([200, '4', '']);
  });

  it('answers a call and checks its name and input through the contract', async () => {
    const session = await enter();
    const good = await call(session);
    expect([good.status, JSON.parse(good.text)]).toEqual([200, { ok: true, value: { project: null } }]);
    expect(fake.calls).toEqual([{ name: 'project.current', input: {} }]);
    const unknown = await call(session, JSON.stringify({ name: 'constructor', input: {} }));
    expect(JSON.parse(unknown.text)).toMatchObject({ ok: false, error: { code: 'contract/bad-input' } });
    expect(fake.calls).toHaveLength(1);
  });

  it.each([
    ['another page', 'http://evil.example'],
    ['another port of this machine', 'http://127.0.0.1:1'],
    ['the other name of this host', 'http://localhost'],
    ['an opaque origin', 'null'],
  ])('a POST from %s is refused', async (_who, origin) => {
    const { cookie } = await enter();
    expect((await call({ cookie, origin })).status).toBe(403);
    expect((await send(host.port, '/upload', { method: 'POST', headers: { cookie, origin }, body: 'x' })).status).toBe(403);
    expect(fake.calls).toEqual([]);
  });

  it('a POST without Origin is refused (browsers always send it)', async () => {
    const { cookie } = await enter();
    expect((await call({ cookie })).status).toBe(403);
  });

  it('a foreign Host is refused (DNS rebinding), localhost is served', async () => {
    const { cookie } = await enter();
    expect((await send(host.port, '/', { headers: { cookie, host: `evil.example:${host.port}` } })).status).toBe(403);
    expect((await send(host.port, '/', { headers: { cookie, host: '127.0.0.1:1' } })).status).toBe(403);
    expect((await send(host.port, '/', { headers: { cookie, host: `localhost:${host.port}` } })).status).toBe(200);
  });

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/link.txt',
    '/%00',
    '/%E0%A4%A',
    '/assets',
    '//etc/passwd',
  ])('%s does not leave the bundle folder', async (path) => {
    const { cookie } = await enter();
    const answer = await send(host.port, path, { headers: { cookie } });
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain('secret');
  });

  it('a body over the limit gets 413, whether it announces its length or not', async () => {
    const session = await enter();
    const body = Buffer.alloc(5000, 0x20);
    expect((await call({ ...session, 'content-length': '5000' }, body)).status).toBe(413);
    expect((await call({ ...session, 'transfer-encoding': 'chunked' }, body)).status).toBe(413);
    expect(fake.calls).toEqual([]);
  });

  it('a body that is not JSON gets 400, another content type 415', async () => {
    const session = await enter();
    const broken = await call(session, '{');
    expect([broken.status, JSON.parse(broken.text)]).toMatchObject([400, { ok: false, error: { code: 'contract/bad-input' } }]);
    expect((await call({ ...session, 'content-type': 'text/plain' })).status).toBe(415);
  });

  it('other methods get 405 with what is allowed', async () => {
    const session = await enter();
    const answer = await send(host.port, '/', { method: 'DELETE', headers: session });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD, POST']);
    expect((await send(host.port, '/api/call', { headers: session })).status).toBe(405);
    expect((await send(host.port, '/nowhere', { method: 'POST', headers: session })).status).toBe(404);
  });

  it('appends to journals by the rules of an upload', async () => {
    const { cookie, origin } = await enter();
    const path = '/journal/a/journal-0123456789abcdef/1/2';
    const append = (headers: Record<string, string>) => send(host.port, path, { method: 'POST', headers: { cookie, ...headers }, body: Buffer.alloc(5) });
    const good = await append({ origin, 'content-length': '5' });
    expect([good.status, JSON.parse(good.text)]).toEqual([200, { path, userName: null }]);
    expect((await append({ origin: 'http://evil.example', 'content-length': '5' })).status).toBe(403);
    expect((await append({ origin, 'transfer-encoding': 'chunked' })).status).toBe(411);
    expect(fake.uploadedBytes).toBe(5);
  });

  it('streams an upload through, and refuses one that is too large or of unknown length', async () => {
    const session = await enter();
    const upload = (headers: Record<string, string>, size: number) =>
      send(host.port, '/upload', { method: 'POST', headers: { ...session, ...headers }, body: Buffer.alloc(size) });
    const good = await upload({ 'content-length': '100000' }, 100_000);
    expect([good.status, JSON.parse(good.text), fake.uploadedBytes]).toEqual([200, { uploadId: 'u1' }, 100_000]);
    expect((await upload({ 'content-length': '100001' }, 100_001)).status).toBe(413);
    expect((await upload({ 'transfer-encoding': 'chunked' }, 10)).status).toBe(411);
    expect(fake.uploadedBytes).toBe(100_000);
  });

  it('an error of the bulk plane keeps its status and facts', async () => {
    const { cookie } = await enter();
    const answer = await send(host.port, '/volume/nobody/0', { headers: { cookie } });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([404, { code: 'not-found' }]);
  });

  it('pushes events with a heartbeat, and forgets a browser that left', async () => {
    const { cookie } = await enter();
    const text = await new Promise<string>((resolve, reject) => {
      let received = '';
      const outgoing = request(
        { host: '127.0.0.1', port: host.port, path: '/api/events?window=00000000-0000-4000-8000-000000000000', headers: { cookie }, agent: false },
        (response) => {
          expect([...fake.windows]).toEqual(['00000000-0000-4000-8000-000000000000']);
          expect(response.headers['content-type']).toContain('text/event-stream');
          fake.listeners.forEach((listener) => listener({ type: 'runs' }));
          response.on('data', (chunk: Buffer) => {
            received += chunk.toString();
            if (received.includes(': heartbeat\n\n') && received.includes('data: {"type":"runs"}\n\n')) {
              outgoing.destroy();
              resolve(received);
            }
          });
        },
      );
      outgoing.on('error', reject).end();
    });
    expect(text).toMatch(/^retry: 1000\n\n/);
    await expect.poll(() => fake.listeners.size).toBe(0);
  });
});

describe('closing', () => {
  it('ends open event streams and frees the port', async () => {
    const { cookie } = await enter();
    const { port } = host;
    const ended = new Promise<void>((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port, path: '/api/events', headers: { cookie }, agent: false }, (response) => {
        response.once('data', () => void host.close().catch(reject));
        response.on('error', () => resolve()).on('close', () => resolve());
      });
      outgoing.on('error', reject).end();
    });
    await ended;
    await expect.poll(() => fake.listeners.size).toBe(0);
    host = await startHttpHost({ services: fake.services, rendererFolder: join(folder, 'renderer'), port });
    expect(host.port).toBe(port);
  });

  it('a taken port is reported, not swallowed', async () => {
    await expect(startHttpHost({ services: fake.services, rendererFolder: folder, port: host.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
