/** Ray, by the REST interface of its dashboard for jobs. No Python of ours and none of Ray's runs here. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import type { Cluster, ClusterJob, ClusterJobState } from './cluster.ts';

const DASHBOARD_PORT = 8265;
const ANSWER_MS = 30_000;

const JobDetails = z.object({
  status: z.enum(['PENDING', 'RUNNING', 'STOPPED', 'SUCCEEDED', 'FAILED']),
  message: z.string().nullish(),
  driver_exit_code: z.int().nullish(),
});

export class RayCluster implements Cluster {
  readonly #address: URL;
  readonly #token: string | null;

  /** `name`: `ray://HOST[:PORT]`, the dashboard's. `token`: of a cluster that wants one (`RAY_AUTH_MODE=token`). */
  constructor(
    readonly name: string,
    token: string | null = rayToken(process.env),
  ) {
    this.#address = new URL(name.replace(/^ray:/, 'http:'));
    if (this.#address.port === '') this.#address.port = String(DASHBOARD_PORT);
    this.#token = token;
  }

  async submit({ name, command, cpus, gpus }: ClusterJob): Promise<string> {
    const id = `${name}-${randomBytes(4).toString('hex')}`;
    // what asks for something may run on any node, else it would run on the head
    const body = { entrypoint: command, submission_id: id, entrypoint_num_cpus: cpus, ...(gpus > 0 && { entrypoint_num_gpus: gpus }) };
    await this.#ask('POST', '/api/jobs/', body);
    return id;
  }

  async state(id: string): Promise<ClusterJobState> {
    const answer = await this.#ask('GET', `/api/jobs/${id}`);
    const details = JobDetails.safeParse(answer);
    if (!details.success) throw new AppException({ code: 'cluster/refused', cluster: this.name, detail: 'its answer about a job is not understood' });
    const { status, message, driver_exit_code: exitCode } = details.data;
    switch (status) {
      case 'PENDING':
        return { kind: 'waiting' };
      case 'RUNNING':
        return { kind: 'running' };
      case 'STOPPED':
        return { kind: 'cancelled' };
      case 'SUCCEEDED':
        return { kind: 'exited', exitCode: 0 };
      case 'FAILED':
        if (typeof exitCode === 'number') return { kind: 'exited', exitCode: exitCode < 0 ? 128 - exitCode : exitCode };
        return { kind: 'lost', detail: (message ?? 'Ray does not say why').split('\n')[0]! };
    }
  }

  async cancel(id: string): Promise<void> {
    await this.#ask('POST', `/api/jobs/${id}/stop`);
  }

  async output(id: string): Promise<string> {
    const logs = z.object({ logs: z.string() }).safeParse(await this.#ask('GET', `/api/jobs/${id}/logs`));
    return logs.success ? logs.data.logs : '';
  }

  async #ask(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
    const headers = { ...(body && { 'content-type': 'application/json' }), ...(this.#token !== null && { authorization: `Bearer ${this.#token}` }) };
    const { status, text } = await request(new URL(path, this.#address), method, headers, body ? JSON.stringify(body) : '').catch(
      (thrown: NodeJS.ErrnoException) => {
        throw new AppException({ code: 'cluster/unreachable', cluster: this.name, detail: thrown.code ?? thrown.message });
      },
    );
    if (status === 401 || status === 403) throw this.#refused('it wants a token: set RAY_AUTH_TOKEN, or put the right one into ~/.ray/auth_token');
    // the head is there, its store of jobs is not yet, or not any more
    if (status >= 500 && method === 'GET') throw new AppException({ code: 'cluster/unreachable', cluster: this.name, detail: `HTTP ${status}` });
    if (status < 200 || status >= 300) throw this.#refused(`HTTP ${status}: ${lastLine(text)}`);
    try {
      return JSON.parse(text);
    } catch {
      throw this.#refused('its answer is not JSON; the port must be that of the dashboard');
    }
  }

  #refused(detail: string): AppException {
    return new AppException({ code: 'cluster/refused', cluster: this.name, detail });
  }
}

/** Where Ray's own programs look for it. */
export function rayToken(environment: NodeJS.ProcessEnv): string | null {
  if (environment.RAY_AUTH_TOKEN) return environment.RAY_AUTH_TOKEN;
  const file = environment.RAY_AUTH_TOKEN_PATH ?? join(homedir(), '.ray', 'auth_token');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}

/** Not `fetch`: it sends headers of a browser, and Ray takes no orders from browsers. Rejects with an errno error. */
function request(url: URL, method: string, headers: Record<string, string>, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(url, { method, headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) }, timeout: ANSWER_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
      response.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)));
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Of a Python traceback the one that says something. */
const lastLine = (text: string): string =>
  text
    .split('\n')
    .filter((line) => line.trim().length > 1)
    .at(-1)
    ?.trim() ?? '';
