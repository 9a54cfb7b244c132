import { utilityProcess, type UtilityProcess } from 'electron';
import type { ToCompute } from '../main/contract/computeMessages.ts';
import { ComputeChannel } from '../main/host/computeChannel.ts';
import type { ComputeHost, ComputeListeners, ComputeProcess } from '../main/jobs/computeHost.ts';

/** Compute processes as Electron utility processes; libtensorflow must never load in the main process. `environment` is asked before each start. */
export function createUtilityComputeHost(script: string, environment: () => NodeJS.ProcessEnv): ComputeHost {
  return { start: (listeners) => listenTo(utilityProcess.fork(script, [], { env: environment(), stdio: 'pipe', serviceName: 'Maskloop compute' }), listeners) };
}

function listenTo(child: UtilityProcess, listeners: ComputeListeners): ComputeProcess {
  const channel = new ComputeChannel(listeners);
  const unsent: ToCompute[] = [];
  let isSpawned = false;
  let wasKilled = false;
  child.on('message', (raw: unknown) => channel.receive(raw));
  child.stderr?.on('data', (chunk: Buffer) => channel.printed(chunk));
  // Nobody reads what it prints, but a full pipe would stop it.
  child.stdout?.resume();
  child.once('spawn', () => {
    isSpawned = true;
    unsent.forEach((message) => child.postMessage(message));
    if (wasKilled) end(child);
  });
  // Electron does not say which signal ended the process; ours is known.
  child.once('exit', (exitCode) => (wasKilled ? channel.exited(null, 'SIGKILL') : channel.exited(exitCode, null)));
  return {
    send: (message) => {
      if (isSpawned) child.postMessage(message);
      else unsent.push(message);
    },
    kill: () => {
      wasKilled = true;
      if (isSpawned) end(child);
    },
  };
}

/** `UtilityProcess.kill` sends SIGTERM, which a process that computes without pause would ignore. */
function end(child: UtilityProcess): void {
  try {
    if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL');
  } catch {
    child.kill(); // gone already, or not ours to signal: Electron knows
  }
}
