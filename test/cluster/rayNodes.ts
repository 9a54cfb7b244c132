/** A real Ray: a head without processors and two workers, each in a network namespace of its own where that is possible. Stopped with `stop`. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../network/orthanc.ts';

const python = process.env.MASKLOOP_REFERENCE_PYTHON;
const packages = process.env.MASKLOOP_RAY_PACKAGES;
export const hasRay = process.env.MASKLOOP_TEST_RAY === '1' && python !== undefined && packages !== undefined;
export const rayNotice = hasRay ? '' : ' (skipped: MASKLOOP_TEST_RAY=1 is not set, or Ray is not here)';

const NETWORK = '10.213.77';
const HEAD = `${NETWORK}.1`;
const BRIDGE = 'mlray0';
const WORKERS = [2, 3] as const;
type Worker = (typeof WORKERS)[number];
const SETTINGS = {
  RAY_USAGE_STATS_ENABLED: '0',
  RAY_raylet_start_wait_time_s: '180',
  RAY_agent_register_timeout_ms: '180000',
  RAY_health_check_initial_delay_ms: '5000',
  RAY_health_check_period_ms: '1000',
  RAY_health_check_failure_threshold: '5',
};

export class RayNodes {
  readonly token = randomBytes(24).toString('hex');
  readonly #folder = mkdtempSync(join(tmpdir(), 'mlray-'));
  readonly #children = new Map<Worker | 'head', ChildProcess>();
  readonly #said = new Map<Worker | 'head', string>();

  private constructor(
    readonly hasNamespaces: boolean,
    private readonly host: string,
    readonly port: number,
  ) {}

  get address(): string {
    return `ray://${this.host}:${this.port}`;
  }

  static async start(): Promise<RayNodes> {
    removeNamespaces();
    const hasNamespaces = makeNamespaces();
    const nodes = new RayNodes(hasNamespaces, hasNamespaces ? HEAD : '127.0.0.1', await freePort());
    const gcsPort = await freePort();
    const common = ['--block', '--object-store-memory=80000000', '--disable-usage-stats'];
    nodes.#spawn(
      'head',
      [],
      [
        '--head',
        `--node-ip-address=${nodes.host}`,
        `--port=${gcsPort}`,
        `--dashboard-host=${nodes.host}`,
        `--dashboard-port=${nodes.port}`,
        '--num-cpus=0',
        `--temp-dir=${nodes.#folder}`,
        ...common,
      ],
    );
    await nodes.#ready('head');
    for (const worker of WORKERS) {
      const where = hasNamespaces ? ['ip', 'netns', 'exec', namespaceOf(worker)] : [];
      const ip = hasNamespaces ? [`--node-ip-address=${NETWORK}.${worker}`] : ['--node-ip-address=127.0.0.1'];
      nodes.#spawn(worker, where, [`--address=${nodes.host}:${gcsPort}`, ...ip, '--num-cpus=1', ...common]);
      // nodes of one file system choose names for their sockets; two at once choose the same
      await nodes.#ready(worker);
    }
    return nodes;
  }

  log(): string {
    return [...this.#said].map(([name, text]) => `${name}: ${text.slice(-2000)}`).join('\n');
  }

  /** Which of the workers runs the compute process with that in its command line. */
  workerRunning(text: string): Worker | null {
    return (
      WORKERS.find((worker) =>
        processesOf(this.#group(worker)).some((pid) => commandLineOf(pid).includes(text) && commandLineOf(pid).includes('compute.cjs')),
      ) ?? null
    );
  }

  /** As if its plug were pulled: every process at once. */
  killWorker(worker: Worker): void {
    for (const pid of processesOf(this.#group(worker)).reverse()) kill(pid);
  }

  async stop(): Promise<void> {
    for (const [name, child] of this.#children) {
      const group = name === 'head' ? child.pid! : this.#group(name);
      for (const pid of processesOf(group).reverse()) kill(pid);
    }
    await sleep(200);
    removeNamespaces();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #group(worker: Worker): number | string {
    return this.hasNamespaces ? namespaceOf(worker) : this.#children.get(worker)!.pid!;
  }

  #spawn(name: Worker | 'head', before: readonly string[], args: readonly string[]): void {
    const command = [...before, python!, '-m', 'ray.scripts.scripts', 'start', ...args];
    const env = { ...process.env, ...SETTINGS, PYTHONPATH: packages, RAY_AUTH_MODE: 'token', RAY_AUTH_TOKEN: this.token };
    const child = spawn(command[0]!, command.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => this.#said.set(name, (this.#said.get(name) ?? '') + chunk.toString()));
    this.#children.set(name, child);
  }

  /** Until it says that it runs; that takes most of a minute on a busy computer. */
  async #ready(name: Worker | 'head'): Promise<void> {
    while (!this.#said.get(name)?.includes('Ray runtime started')) {
      const { exitCode, signalCode } = this.#children.get(name)!;
      if (exitCode !== null || signalCode !== null) throw new Error(`${name} of Ray does not start: ${this.log()}`);
      await sleep(200);
    }
  }
}

const namespaceOf = (worker: Worker): string => `mlray${worker}`;

function makeNamespaces(): boolean {
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'ignore' });
  try {
    ip('link', 'add', BRIDGE, 'type', 'bridge');
    ip('addr', 'add', `${HEAD}/24`, 'dev', BRIDGE);
    ip('link', 'set', BRIDGE, 'up');
    for (const worker of WORKERS) {
      const [namespace, link] = [namespaceOf(worker), `mlrayv${worker}`];
      ip('netns', 'add', namespace);
      ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
      ip('link', 'set', link, 'master', BRIDGE, 'up');
      ip('-n', namespace, 'addr', 'add', `${NETWORK}.${worker}/24`, 'dev', 'eth0');
      for (const device of ['eth0', 'lo']) ip('-n', namespace, 'link', 'set', device, 'up');
    }
    return true;
  } catch {
    removeNamespaces(); // no root, no `ip`: the workers are processes on the loopback
    return false;
  }
}

function removeNamespaces(): void {
  for (const worker of WORKERS) spawnSync('ip', ['netns', 'delete', namespaceOf(worker)]);
  spawnSync('ip', ['link', 'delete', BRIDGE]);
}

/** Those in a namespace, or a process and all that descend from it. */
function processesOf(group: number | string): number[] {
  if (typeof group === 'string') return spawnSync('ip', ['netns', 'pids', group], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean).map(Number);
  const rows = spawnSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number));
  const found = [group];
  for (const pid of found) for (const [child, parent] of rows) if (parent === pid) found.push(child!);
  return found;
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // it has ended meanwhile
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
}
