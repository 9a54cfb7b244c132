/** For a test: a parent that does nothing, and a child of it whose event loop hears nothing. The child inherits the parent's output. */
import { fork } from 'node:child_process';
import { dieWithParent } from '../dieWithParent.ts';

if (process.send) {
  dieWithParent();
  process.send('deaf from now on');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
} else {
  const child = fork(process.argv[1]!, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.once('message', () => process.stdout.write(`${child.pid}\n`));
}
