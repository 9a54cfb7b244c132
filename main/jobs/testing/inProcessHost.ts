/** For tests: "processes" that are functions in this process. Messages are cloned and pass the schema as they would on a wire. */
import type { JobPort } from '../../contract/jobPort.ts';
import type { Result } from '../../contract/errors.ts';
import { FromCompute, ToCompute } from '../../contract/computeMessages.ts';
import type { TaskInput } from '../../contract/tasks.ts';
import type { ComputeHost, ComputeListeners, ComputeProcess } from '../computeHost.ts';

export type Script = (input: TaskInput, port: JobPort) => Promise<Result<Record<string, unknown>>>;

export class InProcessHost implements ComputeHost {
  readonly inputs: TaskInput[] = [];
  /** Tasks asked to run at idle priority. */
  readonly inBackground: TaskInput['task'][] = [];
  readonly #alive = new Set<(code: number | null, signal: string | null) => void>();

  constructor(private readonly script: Script) {}

  get aliveCount(): number {
    return this.#alive.size;
  }

  /** What the kernel does to a process that eats all memory. */
  killAll(): void {
    for (const exit of this.#alive) exit(null, 'SIGKILL');
  }

  start(listeners: ComputeListeners): ComputeProcess {
    const stop = { aborted: false };
    const pause = { isWanted: false };
    let hasExited = false;
    const exit = (code: number | null, signal: string | null) => {
      if (hasExited) return;
      hasExited = true;
      this.#alive.delete(exit);
      setImmediate(() => listeners.onExit(code, signal, ''));
    };
    this.#alive.add(exit);
    const answer = (message: unknown) => {
      if (!hasExited) listeners.onMessage(FromCompute.parse(JSON.parse(JSON.stringify(message))));
    };
    return {
      send: (raw) => {
        const message = ToCompute.parse(structuredClone(raw));
        if (message.type === 'stop') {
          stop.aborted = true;
          return;
        }
        if (message.type === 'pause') {
          pause.isWanted = message.isWanted;
          return;
        }
        this.inputs.push(message.input);
        if (message.isBackground) this.inBackground.push(message.input.task);
        void this.script(message.input, { tell: (news) => answer({ type: 'news', news }), stop, pause }).then((result) => {
          answer(result.ok ? { type: 'done', summary: result.value, stopped: stop.aborted } : { type: 'failed', error: result.error });
          exit(0, null);
        });
      },
      kill: () => exit(null, 'SIGKILL'),
    };
  }
}
