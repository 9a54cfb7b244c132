/** For tests: calls services through the door that shells use. */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { AppEvent, CallInput, CallName, CallOutput } from '../../main/contract/api.ts';
import { AppException, type AppError } from '../../main/contract/errors.ts';
import type { JobSummary } from '../../main/contract/jobs.ts';
import { UploadId } from '../../main/contract/vocabulary.ts';
import type { ComputeHost } from '../../main/jobs/computeHost.ts';
import { callService } from '../../main/services/callService.ts';
import { createServices } from '../../main/services/createServices.ts';
import type { ServiceDependencies, Services } from '../../main/services/services.ts';

export interface BulkBytes {
  readonly status: number;
  readonly contentLength: number | null;
  readonly bytes: Buffer;
}

export class ServiceClient {
  readonly events: AppEvent[] = [];
  services: Services;

  constructor(
    private readonly compute: ComputeHost,
    private readonly stateFolder: string,
    private readonly shell: 'cli' | 'browser' = 'cli',
    private readonly clusters: ServiceDependencies['clusters'] = undefined,
  ) {
    this.services = this.#create();
  }

  /** What a new start of the program is. */
  async restart(): Promise<void> {
    await this.services.close();
    this.services = this.#create();
  }

  /** Throws what comes back as an error. */
  async call<K extends CallName>(name: K, input: CallInput<K>): Promise<CallOutput<K>> {
    const result = await callService(this.services.handlers, name, input);
    if (!result.ok) throw new AppException(result.error);
    return result.value as CallOutput<K>;
  }

  async errorOf<K extends CallName>(name: K, input: CallInput<K>): Promise<AppError> {
    const result = await callService(this.services.handlers, name, input);
    if (result.ok) throw new Error(`${name} succeeded`);
    return result.error;
  }

  async jobEnd(jobId: string, withinMs = 60_000): Promise<JobSummary> {
    const deadlineMs = Date.now() + withinMs;
    while (Date.now() < deadlineMs) {
      const { jobs } = await this.call('jobs.list', {});
      const job = jobs.find((one) => one.jobId === jobId);
      if (job?.endedAtMs !== undefined) return job;
      await sleep(5);
    }
    throw new Error(`${jobId} does not end`);
  }

  async get(path: string): Promise<BulkBytes> {
    const { status, contentLength, body } = await this.services.bulk.get(path);
    return { status, contentLength, bytes: await bytesOf(body) };
  }

  async post(bytes: Uint8Array): Promise<BulkBytes> {
    const { status, contentLength, body } = await this.services.bulk.upload(Readable.from([Buffer.from(bytes)]));
    return { status, contentLength, bytes: await bytesOf(body) };
  }

  async upload(bytes: Uint8Array): Promise<UploadId> {
    const answer = await this.post(bytes);
    if (answer.status !== 200) throw new Error(answer.bytes.toString());
    return z.object({ uploadId: UploadId }).parse(JSON.parse(answer.bytes.toString())).uploadId;
  }

  #create(): Services {
    const host = { shell: this.shell, version: '0', userName: 'reader', stateFolder: this.stateFolder } as const;
    const services = createServices({ compute: this.compute, host, clusters: this.clusters });
    services.subscribe((event) => this.events.push(event));
    return services;
  }
}

async function bytesOf(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
