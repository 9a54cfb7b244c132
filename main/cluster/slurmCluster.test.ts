import { expect, it } from 'vitest';
import { slurmState } from './slurmCluster.ts';

const line = (state: string, more = 'ExitCode=0:0 Reason=None') => `JobId=7 JobName=x UserId=u(1) JobState=${state} ${more} RunTime=00:00:01 BatchHost=vm`;

it.each([
  ['PENDING', undefined, { kind: 'waiting' }],
  ['CONFIGURING', undefined, { kind: 'waiting' }],
  ['RUNNING', undefined, { kind: 'running' }],
  ['COMPLETING', undefined, { kind: 'running' }],
  ['COMPLETED', undefined, { kind: 'exited', exitCode: 0 }],
  ['FAILED', 'ExitCode=81:0 Reason=NonZeroExitCode', { kind: 'exited', exitCode: 81 }],
  ['FAILED', 'ExitCode=0:9 Reason=RaisedSignal:9(Killed)', { kind: 'exited', exitCode: 137 }],
  ['OUT_OF_MEMORY', 'ExitCode=0:125 Reason=OutOfMemory', { kind: 'exited', exitCode: 137 }],
  ['CANCELLED', 'ExitCode=0:15 Reason=None', { kind: 'cancelled' }],
  ['NODE_FAIL', 'ExitCode=0:0 Reason=NodeDown', { kind: 'lost', detail: 'Slurm says NODE_FAIL, NodeDown' }],
  ['PREEMPTED', undefined, { kind: 'lost', detail: 'Slurm says PREEMPTED' }],
  ['TIMEOUT', 'ExitCode=0:0 Reason=TimeLimit', { kind: 'lost', detail: 'Slurm says TIMEOUT, TimeLimit' }],
])('a job that Slurm calls %s (%s)', (state, more, expected) => expect(slurmState(line(state, more))).toEqual(expected));
