/** A project with somebody at it: imports, predicts, corrects predictions to the truth, accepts, trains. */
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { calls, type CallInput, type CallName, type CallOutput } from '../../main/contract/api.ts';
import { AppException } from '../../main/contract/errors.ts';
import type { Completeness } from '../../main/contract/completeness.ts';
import type { JobSummary } from '../../main/contract/jobs.ts';
import type { OrderStrategy } from '../../main/contract/worklistOrder.ts';
import { CaseId, UploadId, type Grid, type JobId, type RunId } from '../../main/contract/vocabulary.ts';
import { readLabelmap } from '../../main/dataset/storedVolume.ts';
import { createForkComputeHost } from '../../main/host/forkComputeHost.ts';
import { diceOfLabelmaps } from '../../main/imaging/diceOfLabelmaps.ts';
import { toCanonical } from '../../main/imaging/orientation.ts';
import { callService } from '../../main/services/callService.ts';
import { createServices } from '../../main/services/createServices.ts';
import type { Services } from '../../main/services/services.ts';

/** A folder with `images/` and `labels/`, files of one name in both. */
export interface Site {
  readonly folder: string;
  readonly caseIds: readonly string[];
}

export interface TrainedModel {
  readonly runId: RunId;
  /** Inside the loop, pauses not counted. */
  readonly trainSeconds: number;
  /** From the order to the end: preparation, final validation and gate included. */
  readonly wallSeconds: number;
  readonly stopReason: string | null;
  /** What the gate said; `null` where it did not judge. */
  readonly gate: string | null;
}

export type TrainChoices = Omit<CallInput<'nnunet.train'>, 'configuration' | 'fold'>;

const LABELS = [1, 2];

export class PlayedProject {
  private constructor(
    private readonly services: Services,
    private readonly folder: string,
    private readonly configuration: '2d' | '3d_fullres',
  ) {}

  /** `validation`: cases that are held out for good; everything else is trained on. */
  static async open(folder: string, computeScript: string, configuration: '2d' | '3d_fullres', validation: readonly string[]): Promise<PlayedProject> {
    const host = { shell: 'cli', version: 'bench', userName: 'simulated reader', stateFolder: join(folder, 'state') } as const;
    const played = new PlayedProject(createServices({ compute: createForkComputeHost(computeScript), host }), folder, configuration);
    const project = join(folder, 'project');
    await played.call(existsSync(join(project, 'maskloop.db')) ? 'project.open' : 'project.create', { folder: project });
    const splits = join(project, 'splits_final.json');
    if (!existsSync(splits)) await writeFile(splits, JSON.stringify([{ train: [], val: validation }]));
    return played;
  }

  /** The same project once more, in another folder; it must not be open. */
  static async copy(from: string, to: string): Promise<void> {
    if (existsSync(to)) return;
    await rm(`${to}.part`, { recursive: true, force: true });
    // a closed project is whole in its database file; libsql removes what was beside it at some later moment
    await cp(from, `${to}.part`, { recursive: true, filter: (path) => !/\.db-(wal|shm)$/.test(path) });
    await rename(`${to}.part`, to);
  }

  close(): Promise<void> {
    return this.services.close();
  }

  async importCases(site: Site, caseIds: readonly string[], hasMasks: boolean): Promise<void> {
    const staging = join(this.folder, 'staging');
    await rm(staging, { recursive: true, force: true });
    for (const kind of hasMasks ? (['images', 'labels'] as const) : (['images'] as const)) {
      await mkdir(join(staging, kind), { recursive: true });
      for (const id of caseIds) await copyFile(join(site.folder, kind, `${id}.nii.gz`), join(staging, kind, `${id}.nii.gz`));
    }
    await this.#job(() => this.call('dataset.import', { paths: [staging] }));
  }

  async train(input: TrainChoices): Promise<TrainedModel> {
    const began = performance.now();
    let runId: RunId | undefined;
    const job = await this.#job(async () => {
      const started = await this.call('nnunet.train', { configuration: this.configuration, fold: 0, ...input });
      ({ runId } = started);
      return started;
    });
    const { runs } = await this.call('nnunet.listRuns', {});
    const run = runs.find((one) => one.runId === runId)!;
    const { stopReason } = z.object({ stopReason: z.string().nullable().default(null) }).parse(job.summary ?? {});
    const { gateOutcome } = z.object({ gateOutcome: z.string().nullable().default(null) }).parse(run);
    return { runId: run.runId, trainSeconds: run.elapsedSeconds, wallSeconds: (performance.now() - began) / 1000, stopReason, gate: gateOutcome };
  }

  /** The model that a retraining has to beat. */
  async use(runId: RunId): Promise<void> {
    await this.call('models.use', { runId });
  }

  async predict(runId: RunId, caseIds: readonly string[]): Promise<void> {
    await this.#job(() => this.call('nnunet.predict', { runIds: [runId], caseIds: caseIds.map((id) => CaseId.parse(id)) }));
  }

  /** The cases without an accepted mask, the next one first. */
  async order(strategy: OrderStrategy, seed: number): Promise<string[]> {
    return (await this.call('worklist.order', { strategy, seed })).cases.map(({ caseId }) => caseId);
  }

  /** Puts the truth in place of each prediction and accepts it. Returns the voxels changed in each case. */
  async correct(site: Site, caseIds: readonly string[], shiftedBy: (caseId: string) => number = () => 0): Promise<number[]> {
    const changed: number[] = [];
    for (const id of caseIds) {
      const { latestRevision: parent } = await this.call('dataset.openCase', { caseId: CaseId.parse(id) });
      const predicted = (await readLabelmap(join(this.folder, 'project/cases', id, 'labels', `r${String(parent).padStart(4, '0')}.nii.gz`))).voxels;
      const { voxels, grid } = await truthOf(site, id);
      const truth = shiftedAlongI(voxels, grid.dimsIjk[0], shiftedBy(id));
      changed.push(truth.reduce((sum, value, n) => sum + (value === predicted[n] ? 0 : 1), 0));
      await this.#accept(id, truth, parent);
    }
    return changed;
  }

  /** Paints the truth in some slices along k and says of the others that nobody has looked at them. Returns the part of the slices. */
  async paintSlices(site: Site, caseIds: readonly string[], chosen: (sliceCount: number) => readonly number[]): Promise<number> {
    let [painted, all] = [0, 0];
    for (const id of caseIds) {
      const { voxels, grid } = await truthOf(site, id);
      const [ni, nj, nk] = grid.dimsIjk;
      const slices = new Set(chosen(nk));
      const kept = voxels.map((value, n) => (slices.has(Math.floor(n / (ni * nj))) ? value : 0));
      [painted, all] = [painted + slices.size, all + nk];
      const completeSlices = [...slices].map((index) => ({ axis: 'k' as const, index }));
      await this.#accept(id, kept, null, { unpainted: 'unknown', knownLabels: null, completeSlices, completeBoxes: [] });
    }
    return painted / all;
  }

  async #accept(id: string, voxels: Uint8Array<ArrayBuffer>, parent: number | null, completeness?: Completeness): Promise<void> {
    const caseId = CaseId.parse(id);
    const uploaded = await this.services.bulk.upload(Readable.from([Buffer.from(voxels.buffer)]));
    const chunks: Buffer[] = [];
    for await (const chunk of uploaded.body as AsyncIterable<Buffer>) chunks.push(chunk);
    const { uploadId } = z.object({ uploadId: UploadId }).parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    const { revision } = await this.call('labels.save', { caseId, uploadId, parent, ...(completeness && { completeness }) });
    await this.call('labels.accept', { caseId, revision });
  }

  /** Mean Dice of the labels over the cases, in the voxels of the truth; none of them is in the project. */
  async heldOutDice(runId: RunId, site: Site): Promise<number> {
    const [inputFolder, outputFolder] = [join(this.folder, 'heldout'), join(this.folder, 'predicted')];
    for (const each of [inputFolder, outputFolder]) await rm(each, { recursive: true, force: true });
    await mkdir(inputFolder, { recursive: true });
    for (const id of site.caseIds) await copyFile(join(site.folder, 'images', `${id}.nii.gz`), join(inputFolder, `${id}.nii.gz`));
    await this.#job(() => this.call('nnunet.predictFolder', { runIds: [runId], inputFolder, outputFolder }));
    const all: number[] = [];
    for (const id of site.caseIds) {
      const [predicted, truth] = await Promise.all([join(outputFolder, `${id}.nii.gz`), join(site.folder, 'labels', `${id}.nii.gz`)].map(readLabelmap));
      all.push(...diceOfLabelmaps(predicted!.voxels, truth!.voxels, LABELS).filter((value) => value !== null));
    }
    return all.reduce((sum, value) => sum + value, 0) / all.length;
  }

  async call<K extends CallName>(name: K, input: CallInput<K>): Promise<CallOutput<K>> {
    const result = await callService(this.services.handlers, name, input);
    if (!result.ok) throw new AppException(result.error);
    // TypeScript does not connect the parsed value with K; the schema just did.
    return calls[name].output.parse(result.value) as CallOutput<K>;
  }

  async #job(start: () => Promise<{ jobId: JobId }>): Promise<JobSummary> {
    const { jobId } = await start();
    for (;;) {
      const job = (await this.call('jobs.list', {})).jobs.find((one) => one.jobId === jobId);
      if (job?.state === 'succeeded') return job;
      if (job?.state === 'failed' || job?.state === 'cancelled') throw new Error(`${job.title}: ${job.state} ${JSON.stringify(job.error ?? '')}`);
      await sleep(100);
    }
  }
}

/** Moved by `count` voxels along i; what comes in is background. */
function shiftedAlongI(labels: Uint8Array<ArrayBuffer>, ni: number, count: number): Uint8Array<ArrayBuffer> {
  if (count === 0) return labels;
  return Uint8Array.from(labels, (_, n) => ((n % ni) - count >= 0 ? labels[n - count]! : 0));
}

/** In the voxel order of stored cases. */
async function truthOf(site: Site, id: string): Promise<{ voxels: Uint8Array<ArrayBuffer>; grid: Grid }> {
  const source = await readLabelmap(join(site.folder, 'labels', `${id}.nii.gz`));
  const { voxels, grid } = toCanonical(source.voxels, source.grid);
  return { voxels: Uint8Array.from(voxels), grid };
}
