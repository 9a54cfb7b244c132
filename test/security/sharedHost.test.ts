/** A workstation served to several people: real HTTP and HTTPS against the real host; the services behind it record who calls. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as plainRequest, type IncomingHttpHeaders } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { calls, type CallName, type Handlers } from '../../main/contract/api.ts';
import { ok } from '../../main/contract/errors.ts';
import { LEAST_ROLE, leastRoleOf } from '../../main/contract/leastRoles.ts';
import { Role } from '../../main/contract/roles.ts';
import { DoorwayRefused, openDoorway } from '../../main/host/doorway.ts';
import { startHttpHost, type HttpHost } from '../../main/host/httpHost.ts';
import { LoginAccess } from '../../main/host/loginAccess.ts';
import type { BulkAnswer, Services } from '../../main/services/services.ts';
import { UserBook } from '../../main/services/userBook.ts';
import { programPath } from '../reference/program.ts';

const PASSWORD = 'correct horse battery';
const openssl = programPath('openssl');
const folder = mkdtempSync(join(tmpdir(), 'maskloop-shared-'));
const users = new UserBook(join(folder, 'state'));
const called: { by: string; name: string }[] = [];
let uploads = 0;
/** Who painted. */
let strokesOf: string[] = [];

const handlersBy = (by: string) =>
  new Proxy({} as Handlers, { get: (_target, name) => () => (called.push({ by, name: String(name) }), Promise.resolve(ok(null))) });
const bytes = (): BulkAnswer => ({ status: 200, contentType: 'application/octet-stream', contentLength: 1, body: Readable.from([Buffer.from('x')]) });
const services: Services = {
  handlers: handlersBy('nobody'),
  handlersOf: ({ name }) => handlersBy(name),
  bulk: {
    get: () => Promise.resolve(bytes()),
    upload: () => ((uploads += 1), Promise.resolve(bytes())),
    append: (_path, _body, userName) => (strokesOf.push(userName ?? 'nobody'), Promise.resolve(bytes())),
  },
  windows: { arrive: () => () => undefined },
  openImages: () => undefined,
  askForPassphrase: () => undefined,
  subscribe: () => () => undefined,
  close: () => Promise.resolve(),
};

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}
interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

const hosts: HttpHost[] = [];
async function start(doorway: Partial<Parameters<typeof openDoorway>[0]> = {}): Promise<HttpHost> {
  const opened = await openDoorway({ address: '127.0.0.1', isShared: true, userCount: 1, ...doorway });
  const host = await startHttpHost({ services, rendererFolder: join(folder, 'renderer'), port: 0, doorway: opened, users, heartbeatMs: 20 });
  hosts.push(host);
  return host;
}

function send(host: HttpHost, path: string, { method = 'GET', headers = {}, body }: Sent = {}): Promise<Answer> {
  const { protocol, host: name } = new URL(host.address);
  const options = { host: '127.0.0.1', port: host.port, path, method, headers: { host: name, ...headers }, agent: false, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const outgoing = (protocol === 'https:' ? tlsRequest : plainRequest)(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.on('error', reject);
    });
    outgoing.on('error', reject).end(body);
  });
}

const originOf = (host: HttpHost) => new URL(host.address).origin;
const signIn = (host: HttpHost, name: string, password = PASSWORD, headers: Record<string, string> = {}) =>
  send(host, '/login', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: originOf(host), ...headers },
    body: new URLSearchParams({ name, password }).toString(),
  });
const cookieOf = ({ headers }: Answer) => headers['set-cookie']?.[0]?.split(';')[0] ?? '';
const call = (host: HttpHost, cookie: string, name: string, input: unknown = {}, headers: Record<string, string> = {}) =>
  send(host, '/api/call', {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: originOf(host), cookie, ...headers },
    body: JSON.stringify({ name, input }),
  });

beforeAll(async () => {
  mkdirSync(join(folder, 'renderer'));
  writeFileSync(join(folder, 'renderer/index.html'), '<title>Maskloop</title>');
  for (const role of Role.options) await users.save(`a-${role}`, role, PASSWORD);
  if (!openssl) return;
  const make = (name: string, ...more: string[]) =>
    execFileSync(
      openssl,
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.pem`,
        '-subj',
        '/CN=x',
        ...more,
      ],
      { cwd: folder, stdio: 'ignore' },
    );
  make('reading-room', '-days', '2', '-addext', 'subjectAltName=DNS:reading-room.lan,DNS:*.lan,IP:192.0.2.7');
  make('other', '-days', '2', '-addext', 'subjectAltName=DNS:other.lan');
}, 60_000);
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()));
  called.length = 0;
  uploads = 0;
  strokesOf = [];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the door', () => {
  const cert = { certificateFile: join(folder, 'reading-room.pem'), keyFile: join(folder, 'reading-room.key') };

  it.each([
    ['without TLS', { address: '0.0.0.0', userCount: 1 }, '--tls-cert'],
    ['with half of TLS', { address: '0.0.0.0', userCount: 1, certificateFile: 'x.pem' }, 'belong together'],
    ['without users', { address: '0.0.0.0', userCount: 0, ...cert }, 'add a user'],
    ['on loopback, shared, without users', { address: '127.0.0.1', isShared: true, userCount: 0 }, 'add a user'],
    ['with a key of another certificate', { address: '0.0.0.0', userCount: 1, ...cert, keyFile: join(folder, 'other.key') }, 'does not belong'],
    ['with an expired certificate', { address: '0.0.0.0', userCount: 1, ...cert, nowMs: Date.now() + 9 * 86_400_000 }, 'expired'],
    ['with a certificate that is not there', { address: '0.0.0.0', userCount: 1, ...cert, certificateFile: join(folder, 'none.pem') }, 'cannot be read'],
    ['by a name', { address: 'reading-room.lan', userCount: 1, ...cert }, 'IP address'],
  ])('stays shut %s', async (_how, options, reason) => {
    if ('keyFile' in options && !openssl) return expect(openssl).toBeNull();
    await expect(openDoorway({ isShared: false, ...options })).rejects.toThrow(DoorwayRefused);
    await expect(openDoorway({ isShared: false, ...options })).rejects.toThrow(reason);
  });

  it.skipIf(!openssl)('opens with TLS and users, for the names of the certificate only, and with a Secure cookie', async () => {
    const host = await start({ address: '0.0.0.0', isShared: false, ...cert });
    expect(host.address).toBe(`https://reading-room.lan:${host.port}/`);
    expect(host.newLink()).toBeNull();
    const answer = await signIn(host, 'a-reader');
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^__Host-maskloop_user_\d+=[\w-]{32}; HttpOnly; SameSite=Strict; Path=\/; Secure$/);
    expect(answer.headers['strict-transport-security']).toMatch(/max-age=\d{7,}/);
    for (const name of ['evil.example', 'any.lan', '127.0.0.1.evil.example', 'reading-room.lan:1'])
      expect((await send(host, '/login', { headers: { host: name.includes(':') ? name : `${name}:${host.port}` } })).status).toBe(403);
  });
});

describe('signing in', () => {
  it('keeps hashes, in a file that nobody else reads', async () => {
    const file = join(folder, 'state/users.json');
    expect(readFileSync(file, 'utf8')).not.toContain(PASSWORD);
    expect(statSync(file).mode & 0o077).toBe(0);
    const stored = (JSON.parse(readFileSync(file, 'utf8')) as { users: { salt: string; hash: string }[] }).users;
    expect(new Set(stored.map(({ salt }) => salt)).size).toBe(4);
    expect(new Set(stored.map(({ hash }) => hash)).size).toBe(4);
  });

  it('is needed for everything', async () => {
    const host = await start();
    expect((await send(host, '/')).headers.location).toBe('/login');
    for (const path of ['/assets/x.js', '/volume/a/0', '/labels/a/1', '/thumbnail/a/1', '/api/events', '/?token=guess'])
      expect([path, [303, 401].includes((await send(host, path)).status)]).toEqual([path, true]);
    expect((await call(host, '', 'project.current')).status).toBe(401);
    expect((await send(host, '/upload', { method: 'POST', headers: { origin: originOf(host) }, body: 'x' })).status).toBe(401);
    expect([called, uploads]).toEqual([[], 0]);
  });

  it('is a page without script that a screen reader can use, and shows nothing that was sent', async () => {
    const host = await start();
    const page = await send(host, '/login');
    expect(page.headers['content-security-policy']).not.toMatch(/script|unsafe/);
    expect(page.text).not.toMatch(/<script|javascript:| on\w+=/);
    for (const field of ['name', 'password'])
      expect(page.text).toMatch(new RegExp(`<label for="${field}">[^<]+</label>\\s*<input id="${field}" name="${field}"`));
    const refused = await signIn(host, '<script>alert(1)</script>');
    expect(refused.text).toContain('role="alert"');
    expect(refused.text).not.toContain('alert(1)');
    expect(refused.headers.connection).toBe('close');
  });

  it('says the same for a wrong name and a wrong password', async () => {
    const host = await start();
    const [wrongName, wrongPassword] = [await signIn(host, 'nobody'), await signIn(host, 'a-reader', 'wrong')];
    expect([wrongName.status, wrongName.text]).toEqual([403, wrongPassword.text]);
    expect([cookieOf(wrongName), cookieOf(wrongPassword)]).toEqual(['', '']);
  });

  it('is refused for a while after five wrong passwords, the right one too', async () => {
    const host = await start();
    for (let n = 0; n < 5; n++) expect((await signIn(host, 'a-admin', `wrong ${n}`)).status).toBe(403);
    const refused = await signIn(host, 'a-admin');
    expect([refused.status, Number(refused.headers['retry-after']) > 60, cookieOf(refused)]).toEqual([429, true, '']);
    expect((await signIn(host, 'a-reader')).status).toBe(303);
  });

  it('is refused from another page, in another form, and too large', async () => {
    const host = await start();
    for (const origin of ['http://evil.example', 'null', '']) expect(cookieOf(await signIn(host, 'a-reader', PASSWORD, { origin }))).toBe('');
    expect((await signIn(host, 'a-reader', PASSWORD, { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await signIn(host, 'a-reader', 'x'.repeat(5000))).status).toBe(400);
  });

  it('gives a new cookie each time, and a made-up one is none', async () => {
    const host = await start();
    const [first, second] = [cookieOf(await signIn(host, 'a-reader')), cookieOf(await signIn(host, 'a-reader', PASSWORD, { cookie: 'x=y' }))];
    expect(first).not.toBe(second);
    expect((await call(host, `${first.split('=')[0]}=${'A'.repeat(32)}`, 'project.current')).status).toBe(401);
  });

  it('ends with signing out, removal and another role, for open event streams too', async () => {
    const host = await start();
    await users.save('guest', 'admin', PASSWORD);
    const cookie = cookieOf(await signIn(host, 'guest'));
    const other = cookieOf(await signIn(host, 'guest'));
    const stream = send(host, '/api/events', { headers: { cookie: other } }).catch(() => 'cut');
    const out = await send(host, '/logout', { method: 'POST', headers: { cookie, origin: originOf(host) } });
    expect([out.status, out.headers['set-cookie']?.[0]]).toEqual([303, expect.stringContaining('Max-Age=0')]);
    expect((await call(host, cookie, 'project.current')).status).toBe(401);
    expect((await call(host, other, 'project.current')).status).toBe(200);
    await users.save('guest', 'reader', PASSWORD);
    expect((await call(host, other, 'project.current')).status).toBe(401);
    expect(await stream).toBe('cut');
    expect(await users.remove('guest')).toBe(true);
    expect((await signIn(host, 'guest')).status).toBe(403);
  });

  it('ends after an hour without a request, and after twelve hours in any case', async () => {
    let nowMs = 1_000_000;
    const access = new LoginAccess({ users, port: 1, isSecure: false, nowMs: () => nowMs });
    const served = await startHttpHost({ services, rendererFolder: folder, port: 0 });
    hosts.push(served);
    const cookie = await new Promise<string>((resolve) => {
      const form = Object.assign(Readable.from([Buffer.from(new URLSearchParams({ name: 'a-reader', password: PASSWORD }).toString())]), {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        socket: { remoteAddress: '::1' },
      });
      const response = {
        writeHead: (_status: number, headers: Record<string, string>) => resolve(headers['Set-Cookie']?.split(';')[0] ?? ''),
        end: () => undefined,
      };
      void access.answer(new URL('http://x/login'), form as never, response as never);
    });
    const isIn = async () => (await access.visitor({ headers: { cookie } } as never)) !== null;
    for (let hour = 0; hour < 11; hour++) {
      nowMs += 59 * 60_000;
      expect(await isIn()).toBe(true);
    }
    nowMs += 59 * 60_000;
    expect(await isIn()).toBe(true);
    nowMs += 59 * 60_000;
    expect(await isIn()).toBe(false);
  });
});

describe('roles', () => {
  it('every call of the contract has a least role, and no other has', () => {
    expect(Object.keys(LEAST_ROLE).sort()).toEqual(Object.keys(calls).sort());
  });

  it('who names a place on the computer that serves is an administrator', () => {
    const namesPlace = (name: CallName) =>
      /"(folder|paths|file|output|outputFolder|inputFolder|predictionFolder|subjectsFile)"/.test(JSON.stringify(shapeOf(calls[name].input)));
    const lower = (Object.keys(calls) as CallName[]).filter((name) => namesPlace(name) && LEAST_ROLE[name] !== 'admin');
    expect(lower).toEqual([]);
  });

  it.each(Role.options)('%s may do what the table says and nothing else', async (role) => {
    const host = await start();
    const cookie = cookieOf(await signIn(host, `a-${role}`));
    const allowed: string[] = [];
    for (const name of Object.keys(calls)) {
      const answer = JSON.parse((await call(host, cookie, name)).text) as { ok: boolean; error?: { code: string } };
      if (answer.error?.code !== 'access/denied') allowed.push(name);
    }
    const rank = (one: Role) => Role.options.indexOf(one);
    expect(allowed.sort()).toEqual((Object.keys(calls) as CallName[]).filter((name) => rank(LEAST_ROLE[name]) <= rank(role)).sort());
    expect(called.every(({ by, name }) => by === `a-${role}` && allowed.includes(name))).toBe(true);
    const upload = await send(host, '/upload', { method: 'POST', headers: { cookie, origin: originOf(host), 'content-length': '1' }, body: 'x' });
    expect(upload.status).toBe(role === 'reader' ? 403 : 200);
    const strokes = await send(host, '/journal/a/journal-0123456789abcdef/1/1', {
      method: 'POST',
      headers: { cookie, origin: originOf(host), 'content-length': '1' },
      body: 'x',
    });
    expect([strokes.status, strokesOf]).toEqual(role === 'reader' ? [403, []] : [200, [`a-${role}`]]);
  });

  it('a reader does not set the order of the worklist for everybody', () => {
    expect([leastRoleOf('worklist.order', {}), leastRoleOf('worklist.order', { remember: true })]).toEqual(['reader', 'annotator']);
  });
});

/** Names of all properties that an input may have. */
function shapeOf(schema: unknown): unknown {
  const { shape, def } = schema as { shape?: Record<string, unknown>; def?: { innerType?: unknown; options?: unknown[]; in?: unknown; element?: unknown } };
  if (shape) return Object.fromEntries(Object.entries(shape).map(([key, value]) => [key, shapeOf(value)]));
  return [def?.innerType, def?.in, ...(def?.options ?? [])].filter((one) => one !== undefined).map(shapeOf);
}
