/** What is asked of Ray's dashboard, and what its answers mean. `test/cluster/ray.test.ts` asks a real one. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AppException } from '../contract/errors.ts';
import { RayCluster, rayToken } from './rayCluster.ts';

interface Asked {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
let server: Server;
let asked: Asked[];
let answer: { status: number; body: string };
let cluster: RayCluster;

beforeEach(async () => {
  asked = [];
  answer = { status: 200, body: '{}' };
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
      response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  cluster = new RayCluster(`ray://127.0.0.1:${(server.address() as AddressInfo).port}`, 'secret');
});
afterEach(() => new Promise((done) => server.close(done)));

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (thrown: unknown) => (thrown instanceof AppException ? thrown.error : thrown),
  );

it('asks for what a training needs, with the token and nothing of a browser', async () => {
  const id = await cluster.submit({ name: 'maskloop-r1', command: 'echo $HOME', cpus: 4, gpus: 1, folder: '/s' });
  expect(asked[0]!.line).toBe('POST /api/jobs/');
  expect(asked[0]!.headers.authorization).toBe('Bearer secret');
  // Ray refuses these
  for (const header of ['sec-fetch-mode', 'origin', 'referer', 'user-agent']) expect(asked[0]!.headers).not.toHaveProperty(header);
  expect(JSON.parse(asked[0]!.body)).toEqual({ entrypoint: 'echo $HOME', submission_id: id, entrypoint_num_cpus: 4, entrypoint_num_gpus: 1 });
  expect(id).toMatch(/^maskloop-r1-[0-9a-f]{8}$/);
});

it.each([
  [{ status: 'PENDING' }, { kind: 'waiting' }],
  [{ status: 'RUNNING', driver_exit_code: null }, { kind: 'running' }],
  [
    { status: 'SUCCEEDED', driver_exit_code: 0 },
    { kind: 'exited', exitCode: 0 },
  ],
  [
    { status: 'FAILED', driver_exit_code: 82, message: 'exit code 82' },
    { kind: 'exited', exitCode: 82 },
  ],
  [
    { status: 'FAILED', driver_exit_code: -9 },
    { kind: 'exited', exitCode: 137 },
  ],
  [
    { status: 'FAILED', driver_exit_code: null, message: 'Job supervisor actor died: its node has died.\n\tmore' },
    { kind: 'lost', detail: 'Job supervisor actor died: its node has died.' },
  ],
  [{ status: 'STOPPED' }, { kind: 'cancelled' }],
])('%j', async (details, state) => {
  answer = { status: 200, body: JSON.stringify(details) };
  expect(await cluster.state('x')).toEqual(state);
});

it('says what is wrong: token, address, request', async () => {
  answer = { status: 401, body: 'Unauthorized: Missing authentication token' };
  expect(await errorOf(cluster.state('x'))).toMatchObject({ code: 'cluster/refused', detail: expect.stringContaining('RAY_AUTH_TOKEN') });
  answer = { status: 500, body: 'Traceback\n  File "x"\nValueError: Job already exists.\n.' };
  expect(await errorOf(cluster.submit({ name: 'a', command: '', cpus: 1, gpus: 0, folder: '' }))).toMatchObject({
    code: 'cluster/refused',
    detail: 'HTTP 500: ValueError: Job already exists.',
  });
  // a head that restarts
  expect(await errorOf(cluster.state('x'))).toMatchObject({ code: 'cluster/unreachable', detail: 'HTTP 500' });
  answer = { status: 200, body: '<html>' };
  expect(await errorOf(cluster.state('x'))).toMatchObject({ code: 'cluster/refused', detail: expect.stringContaining('dashboard') });
  expect(await errorOf(new RayCluster('ray://127.0.0.1:1', null).state('x'))).toEqual({
    code: 'cluster/unreachable',
    cluster: 'ray://127.0.0.1:1',
    detail: 'ECONNREFUSED',
  });
});

it('takes the token from where Ray takes it', () => {
  expect(rayToken({ RAY_AUTH_TOKEN: 'a', RAY_AUTH_TOKEN_PATH: '/x' })).toBe('a');
  expect(rayToken({ RAY_AUTH_TOKEN_PATH: '/no/such/file' })).toBe(null);
});
