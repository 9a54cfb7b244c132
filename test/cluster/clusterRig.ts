/** A project of phantoms and the built command line over it, as a user of a cluster has them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { JobEvent } from '../../main/contract/jobs.ts';
import { runPhantoms } from '../../main/workers/phantoms.ts';

const PROGRAM = resolve(import.meta.dirname, '../../dist/main/maskloop.cjs');
export const isBuilt = existsSync(PROGRAM);
/** A fold takes seconds, and has a checkpoint every epoch. */
export const TINY = [
  '--config',
  '2d',
  '--steps-per-epoch',
  '4',
  '--batch-size',
  '2',
  '--base-features',
  '8',
  '--patch',
  '32x32',
  '--save-interval',
  '0',
  '--node-cpus',
  '1',
];

const Line = z.union([z.object({ type: z.literal('job'), event: JobEvent }), z.looseObject({ type: z.literal('result') })]);

export interface Started {
  readonly child: ChildProcess;
  readonly events: JobEvent[];
  /** The result line; rejects when there is none. */
  readonly result: Promise<Record<string, unknown>>;
}

export class ClusterRig {
  readonly root = mkdtempSync(join(tmpdir(), 'maskloop-lab-'));
  readonly project = join(this.root, 'project');
  readonly shared = join(this.root, 'shared');

  private constructor(private readonly environment: NodeJS.ProcessEnv) {}

  static async create(environment: NodeJS.ProcessEnv): Promise<ClusterRig> {
    const rig = new ClusterRig(environment);
    const studies = join(rig.root, 'studies');
    mkdirSync(studies);
    mkdirSync(rig.shared);
    const made = await runPhantoms(
      { task: 'phantoms', folder: studies, caseCount: 5, labelledCount: 5, seed: 1 },
      { tell: () => undefined, stop: { aborted: false } },
    );
    if (!made.ok) throw new Error(JSON.stringify(made.error));
    await rig.run('import', '--project', rig.project, studies);
    return rig;
  }

  run(...args: string[]): Promise<Record<string, unknown>> {
    return this.start(...args).result;
  }

  start(...args: string[]): Started {
    const env = { ...process.env, MASKLOOP_STATE: join(this.root, 'state'), ...this.environment };
    const child = spawn(process.execPath, [PROGRAM, ...args, '--json'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const events: JobEvent[] = [];
    let [rest, errors] = ['', ''];
    let found: Record<string, unknown> | null = null;
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop()!;
      for (const text of lines) {
        const line = Line.parse(JSON.parse(text));
        if ('event' in line) events.push(JobEvent.parse(line.event));
        else found = line;
      }
    });
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const result = new Promise<Record<string, unknown>>((done, fail) =>
      child.once('close', () => (found ? done(found) : fail(new Error(`no result: ${errors}`)))),
    );
    return { child, events, result };
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
