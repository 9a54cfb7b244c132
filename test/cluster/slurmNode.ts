/** Debian's Slurm with one node, munge with a key of its own, all in a folder and on free ports; needs root. Stopped with `stop`. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../network/orthanc.ts';
import { programPath } from '../reference/program.ts';

const PROGRAMS = ['slurmctld', 'slurmd', 'sbatch', 'srun', 'scontrol', 'munged'];
export const hasSlurm = process.getuid?.() === 0 && PROGRAMS.every((program) => programPath(program) !== null);
export const slurmNotice = hasSlurm ? '' : ' (skipped: Debian packages slurm-wlm and munge are not here, or the user is not root)';

export class SlurmNode {
  readonly #children: ChildProcess[] = [];

  private constructor(readonly folder: string) {}

  get configuration(): string {
    return join(this.folder, 'slurm.conf');
  }

  static async start(): Promise<SlurmNode> {
    const slurm = new SlurmNode(mkdtempSync(join(tmpdir(), 'maskloop-slurm-')));
    chmodSync(slurm.folder, 0o755); // munged refuses a socket that others cannot reach
    const file = (name: string): string => join(slurm.folder, name);
    mkdirSync(file('state'));
    mkdirSync(file('spool'));
    writeFileSync(file('munge.key'), randomBytes(128), { mode: 0o400 });
    writeFileSync(slurm.configuration, configurationText(slurm.folder, await freePort(), await freePort()));
    const munge = ['socket', 'key-file', 'pid-file', 'log-file', 'seed-file'].map(
      (name, n) => `--${name}=${file(['munge.sock', 'munge.key', 'munge.pid', 'munge.log', 'munge.seed'][n]!)}`,
    );
    slurm.#spawn('munged', ['--foreground', '--force', ...munge]);
    await slurm.#until(() => execFileSync(programPath('munge')!, ['--socket', file('munge.sock'), '--no-input'], { stdio: 'ignore' }));
    slurm.#spawn('slurmctld', ['-D', '-i']);
    slurm.#spawn('slurmd', ['-D']);
    await slurm.#until(() => {
      if (!slurm.ask('sinfo', ['--noheader', '--format=%t']).includes('idle')) throw new Error('the node is not idle yet');
    });
    return slurm;
  }

  ask(program: string, args: readonly string[]): string {
    return execFileSync(programPath(program)!, args, {
      env: { ...process.env, SLURM_CONF: this.configuration },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  /** As Slurm sees it, the node is gone, and what it ran with it; it comes back at once. */
  loseNode(): void {
    this.ask('scontrol', ['update', `nodename=${hostname()}`, 'state=down', 'reason=test']);
  }

  log(): string {
    return ['ctld.log', 'slurmd.log'].map((name) => readFileSync(join(this.folder, name), 'utf8').slice(-2000)).join('\n');
  }

  async stop(): Promise<void> {
    for (const child of this.#children.reverse()) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await Promise.race([gone, sleep(5_000)]);
        child.kill('SIGKILL');
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(program: string, args: readonly string[]): void {
    this.#children.push(spawn(programPath(program)!, args, { env: { ...process.env, SLURM_CONF: this.configuration }, stdio: 'ignore' }));
  }

  async #until(works: () => void): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        return works();
      } catch (thrown) {
        if (tries === 150) throw thrown;
        await sleep(200);
      }
    }
  }
}

function configurationText(folder: string, controllerPort: number, nodePort: number): string {
  const settings = {
    ClusterName: 'maskloop',
    SlurmctldHost: `${hostname()}(127.0.0.1)`,
    SlurmctldPort: controllerPort,
    SlurmdPort: nodePort,
    AuthType: 'auth/munge',
    AuthInfo: `socket=${join(folder, 'munge.sock')}`,
    CredType: 'cred/munge',
    SlurmUser: 'root',
    SlurmdUser: 'root',
    StateSaveLocation: join(folder, 'state'),
    SlurmdSpoolDir: join(folder, 'spool'),
    SlurmctldPidFile: join(folder, 'ctld.pid'),
    SlurmdPidFile: join(folder, 'slurmd.pid'),
    SlurmctldLogFile: join(folder, 'ctld.log'),
    SlurmdLogFile: join(folder, 'slurmd.log'),
    ProctrackType: 'proctrack/linuxproc',
    TaskPlugin: 'task/none',
    SelectType: 'select/cons_tres',
    SelectTypeParameters: 'CR_CPU',
    MpiDefault: 'none',
    ReturnToService: 2,
    KillWait: 5,
    SchedulerParameters: 'sched_interval=1,batch_sched_delay=0',
    SlurmdParameters: 'config_overrides',
    JobAcctGatherType: 'jobacct_gather/none',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const nodes = [
    `NodeName=${hostname()} NodeAddr=127.0.0.1 CPUs=2 RealMemory=500 State=UNKNOWN`,
    'PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP',
  ];
  return `${[...lines, ...nodes].join('\n')}\n`;
}
