/** For tests: stands in for `dist/main/compute.cjs` on a node. The real mailbox, and work that is told by the name of the run. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ToCompute } from '../../contract/computeMessages.ts';
import { openMailbox } from '../mailbox.ts';

const [, script = '', , folder = ''] = process.argv;
const channel = openMailbox(folder, script);
let isStopped = false;
let isDeaf = false;

async function act(raw: unknown): Promise<void> {
  const message = raw as ToCompute;
  if (message.type === 'stop') isStopped = !isDeaf;
  if (message.type !== 'run') return;
  const { input } = message;
  isDeaf = input.task === 'train' && input.runId.includes('deaf');
  if (input.task !== 'train') return channel.send({ type: 'done', summary: { version: 'fake' }, stopped: false }, () => process.exit(0));
  writeFileSync(join(input.runFolder, 'checkpoint_latest.bin'), `weights ${input.resume ? 2 : 1}`);
  channel.send({ type: 'news', news: { type: 'item', item: { kind: 'checkpoint', epoch: 1, step: 10, elapsedSeconds: 1, isBest: true } } });
  if (input.runId.includes('dies')) {
    process.stderr.write('no luck\n');
    process.exit(7);
  }
  for (let n = 0; n < (input.runId.includes('long') ? 2_000 : 1) && !isStopped; n++) await sleep(10);
  writeFileSync(join(input.runFolder, 'checkpoint_best.bin'), 'best');
  channel.send({ type: 'done', summary: { epoch: 1 }, stopped: isStopped }, () => process.exit(0));
}

channel.onMessage((raw) => void act(raw));
