import { fork, type ChildProcess } from 'node:child_process';
import type { ComputeHost, ComputeListeners, ComputeProcess } from '../jobs/computeHost.ts';
import { ComputeChannel } from './computeChannel.ts';

/** Compute processes as forked Node processes. `script` is the built compute bundle; `environment` is asked before each start. */
export function createForkComputeHost(script: string, environment: () => NodeJS.ProcessEnv = () => process.env): ComputeHost {
  const running = new Set<ChildProcess>();
  // A worker dies with its parent, also when the parent leaves in a hurry.
  process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
  return {
    start(listeners) {
      const child = fork(script, [], {
        env: environment(),
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        serialization: 'advanced',
        // Its own process group: Ctrl+C in a terminal reaches us alone, and we ask it to stop and checkpoint.
        detached: process.platform !== 'win32',
      });
      running.add(child);
      child.once('close', () => running.delete(child));
      return listenTo(child, listeners);
    },
  };
}

function listenTo(child: ChildProcess, listeners: ComputeListeners): ComputeProcess {
  const channel = new ComputeChannel(listeners);
  child.on('message', (raw) => channel.receive(raw));
  child.stderr?.on('data', (chunk: Buffer) => channel.printed(chunk));
  // Nobody reads what it prints, but a full pipe would stop it.
  child.stdout?.resume();
  // 'close' follows 'exit' once the pipes are drained, so the tail is complete.
  child.once('close', (exitCode, signal) => channel.exited(exitCode, signal));
  child.on('error', (problem) => {
    channel.printed(`${problem.message}\n`);
    if (child.pid === undefined) channel.exited(null, null); // never started, so no 'close' follows
  });
  return {
    send: (message) => {
      if (child.connected) child.send(message);
    },
    kill: () => child.kill('SIGKILL'),
  };
}
