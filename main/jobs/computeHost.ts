import type { FromCompute, ToCompute } from '../contract/computeMessages.ts';

/** One compute process; it runs one task and exits. */
export interface ComputeProcess {
  send(message: ToCompute): void;
  /** Ends it at once; `onExit` still comes. */
  kill(): void;
}

export interface ComputeListeners {
  /** Already checked against the `FromCompute` schema. */
  onMessage(message: FromCompute): void;
  /** Comes exactly once, also after `kill` or a crash. `stderrTail`: the last few kilobytes it printed. */
  onExit(exitCode: number | null, signal: string | null, stderrTail: string): void;
}

/** Where compute processes run: Electron's utilityProcess or Node's child_process.fork. */
export interface ComputeHost {
  start(listeners: ComputeListeners): ComputeProcess;
}
