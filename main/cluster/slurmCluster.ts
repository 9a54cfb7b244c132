/** Slurm, by its own programs, as this computer is set up for it (`slurm.conf`, munge). */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppException } from '../contract/errors.ts';
import type { Cluster, ClusterJob, ClusterJobState } from './cluster.ts';
import { quoted } from './nodeCommand.ts';

const ANSWER_MS = 60_000;
const OUTPUT_FILE = 'output.txt';
/** Before Slurm ends a job whose time is over it sends SIGTERM, so that the training saves. */
const WARNING_SECONDS = 120;

export class SlurmCluster implements Cluster {
  readonly #partition: string | null;

  /** `name`: `slurm` or `slurm:PARTITION`. */
  constructor(readonly name: string) {
    this.#partition = /^slurm:(.+)$/.exec(name)?.[1] ?? null;
  }

  async submit({ name, command, cpus, gpus, folder }: ClusterJob): Promise<string> {
    const output = join(folder, OUTPUT_FILE);
    const args = [
      '--parsable',
      `--job-name=${name}`,
      '--nodes=1',
      '--ntasks=1',
      `--cpus-per-task=${cpus}`,
      `--output=${output}`,
      `--error=${output}`,
      '--open-mode=append',
      '--chdir=/',
      // we send it again ourselves, from its last checkpoint
      '--no-requeue',
      `--signal=TERM@${WARNING_SECONDS}`,
      ...(gpus > 0 ? [`--gres=gpu:${gpus}`] : []),
      ...(this.#partition === null ? [] : [`--partition=${this.#partition}`]),
    ];
    // `srun` hands the warning on to what it starts; a batch script alone would not
    const script = `#!/bin/sh\nexec srun --ntasks=1 --cpus-per-task=${cpus} --kill-on-bad-exit=1 sh -c ${quoted(command)}\n`;
    const id = (await this.#run('sbatch', args, script)).trim().split(';')[0]!;
    if (!/^\d+$/.test(id)) throw this.#refused(`sbatch answered '${id}'`);
    return id;
  }

  async state(id: string): Promise<ClusterJobState> {
    const text = await this.#run('scontrol', ['--oneliner', 'show', 'job', id]).catch((thrown: unknown) => {
      // forgotten some minutes after its end
      if (thrown instanceof AppException && thrown.error.code === 'cluster/refused' && /invalid job id/i.test(thrown.error.detail)) return null;
      throw thrown;
    });
    return text === null ? { kind: 'lost', detail: 'Slurm does not know the job any more' } : slurmState(text);
  }

  async cancel(id: string): Promise<void> {
    await this.#run('scancel', ['--quiet', id]);
  }

  async output(_id: string, { folder }: ClusterJob): Promise<string> {
    const file = join(folder, OUTPUT_FILE);
    return existsSync(file) ? readFile(file, 'utf8') : '';
  }

  #run(program: string, args: readonly string[], input = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = execFile(program, args, { timeout: ANSWER_MS, env: { ...process.env, LC_ALL: 'C' } }, (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        if (error.code === 'ENOENT') return reject(this.#refused(`the program '${program}' of Slurm is not on this computer`));
        const detail = stderr.trim().split('\n').at(-1) || error.message;
        const isAway = error.killed || /unable to contact|connection refused|timed out/i.test(stderr);
        reject(new AppException({ code: isAway ? 'cluster/unreachable' : 'cluster/refused', cluster: this.name, detail }));
      });
      child.stdin?.on('error', () => undefined); // a program that ended before it read says why by its exit
      child.stdin?.end(input);
    });
  }

  #refused(detail: string): AppException {
    return new AppException({ code: 'cluster/refused', cluster: this.name, detail });
  }
}

const WAITING = new Set(['PENDING', 'CONFIGURING', 'REQUEUED', 'REQUEUE_HOLD', 'RESV_DEL_HOLD', 'SPECIAL_EXIT']);
const RUNNING = new Set(['RUNNING', 'COMPLETING', 'SIGNALING', 'STAGE_OUT', 'STOPPED', 'SUSPENDED', 'RESIZING']);
const EXITED = new Set(['COMPLETED', 'FAILED', 'OUT_OF_MEMORY']);
const KILLED_STATUS = 137;

/** From the line of `scontrol show job`; what it calls otherwise (NODE_FAIL, PREEMPTED, TIMEOUT …) took the node away. */
export function slurmState(line: string): ClusterJobState {
  const valueOf = (name: string): string => new RegExp(`(?:^|\\s)${name}=(\\S*)`).exec(line)?.[1] ?? '';
  const state = valueOf('JobState');
  if (WAITING.has(state)) return { kind: 'waiting' };
  if (RUNNING.has(state)) return { kind: 'running' };
  if (state === 'CANCELLED') return { kind: 'cancelled' };
  const [status = 0, signal = 0] = valueOf('ExitCode').split(':').map(Number);
  if (state === 'OUT_OF_MEMORY') return { kind: 'exited', exitCode: KILLED_STATUS };
  if (EXITED.has(state)) return { kind: 'exited', exitCode: signal > 0 ? 128 + signal : status };
  return { kind: 'lost', detail: `Slurm says ${state || 'nothing'}${valueOf('Reason') === 'None' ? '' : `, ${valueOf('Reason')}`}` };
}
