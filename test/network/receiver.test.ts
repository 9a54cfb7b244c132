/** The receiver and our own sender, without anybody else's program: bad manners, broken connections, a full disk. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getuid, platform } from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Grid } from '../../main/contract/vocabulary.ts';
import { echo } from '../../main/dicomNetwork/dimseQuery.ts';
import { sendByDimse } from '../../main/dicomNetwork/dimseSending.ts';
import { Inbox, type Reception } from '../../main/dicomNetwork/inbox.ts';
import { filesToSend } from '../../main/dicomNetwork/sending.ts';
import { StorageReceiver } from '../../main/dicomNetwork/storageReceiver.ts';
import { writeDicomSeries } from '../phantoms/writeDicomSeries.ts';

let root: string;
let receiver: StorageReceiver;
let receptions: Reception[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'maskloop-receiver-'));
  receptions = [];
});
afterEach(async () => {
  await receiver.close();
  rmSync(root, { recursive: true, force: true });
});

async function start(folder = join(root, 'inbox')): Promise<string> {
  const inbox = await Inbox.open(folder, 'receiving');
  const station = { aeTitle: 'MASKLOOP', port: 0, listenOn: 'localhost', allowedAeTitles: [] } as const;
  receiver = await StorageReceiver.start({ ...station, allowedAeTitles: [] }, inbox, { onObject: (_facts, _calling, reception) => receptions.push(reception) });
  return folder;
}
const caller = () => ({
  aeTitle: 'SENDER',
  node: { kind: 'dimse', name: 'us', aeTitle: 'MASKLOOP', host: '127.0.0.1', port: receiver.port, tls: false, retrieveBy: 'get' } as const,
});

function writeSlices(count: number, sidePx = 16): string {
  const folder = join(root, 'slices');
  mkdirSync(folder);
  const grid = Grid.parse({ dimsIjk: [sidePx, sidePx, count], spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
  writeDicomSeries(grid, new Int16Array(sidePx * sidePx * count)).forEach((bytes, n) => writeFileSync(join(folder, `${n}.dcm`), bytes));
  return folder;
}
async function send(folder: string): Promise<{ sent: number; refused: string[] }> {
  const outcome = { sent: 0, refused: [] as string[] };
  await sendByDimse(caller(), await filesToSend([folder], () => {}), {
    stop: { aborted: false },
    onSent: () => outcome.sent++,
    onRefused: (_path, detail) => outcome.refused.push(detail),
  });
  return outcome;
}
const objectsIn = (folder: string): string[] => (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith('.dcm'));

/** Writes bytes, waits for the other side to hang up. */
function insult(bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let received = 0;
    const socket = connect({ port: receiver.port, host: '127.0.0.1' }, () => socket.write(bytes));
    socket.on('data', (chunk) => (received += chunk.length));
    socket.on('close', () => resolve(received));
    socket.on('error', () => resolve(received));
    socket.setTimeout(5000, () => reject(new Error('still open')));
  });
}

describe('the receiver', () => {
  it('listens on this computer alone unless told otherwise, and not at all once it is closed', async () => {
    await start();
    expect(await echo(caller())).toBe('MASKLOOP');
    const us = caller();
    await receiver.close();
    await expect(echo(us)).rejects.toMatchObject({ error: { code: 'network/unreachable', reason: 'refused' } });
    await start();
  });

  it('hangs up on whoever does not speak DICOM, and goes on', async () => {
    const folder = await start();
    const header = Buffer.from([4, 0, 0xff, 0xff, 0xff, 0xff]);
    for (const bytes of [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      header,
      Buffer.from([1, 0, 0, 0, 0, 2, 9, 9]),
      Buffer.from([4, 0, 0, 0, 0, 6, 0, 0, 0, 2, 1, 3]),
    ])
      expect(await insult(bytes)).toBeLessThan(200);
    expect(await send(writeSlices(2))).toEqual({ sent: 2, refused: [] });
    expect(objectsIn(folder)).toHaveLength(2);
  });

  it('keeps nothing of an object that breaks off', async () => {
    const folder = await start();
    const slices = writeSlices(1, 1024);
    const bytes = await new Promise<Buffer>((resolve) => {
      // What our own sender says, recorded up to the middle of the object.
      void import('node:net').then(({ createServer }) => {
        const chunks: Buffer[] = [];
        const server = createServer((socket) => {
          const upstream = connect({ port: receiver.port, host: '127.0.0.1' });
          socket.on('data', (chunk: Buffer) => {
            chunks.push(chunk);
            if (Buffer.concat(chunks).length > 1_000_000) {
              socket.destroy();
              upstream.destroy();
              server.close();
              resolve(Buffer.concat(chunks));
            } else upstream.write(chunk);
          });
          upstream.on('data', (chunk) => socket.write(chunk)).on('error', () => {});
          socket.on('error', () => {});
        });
        server.listen(0, '127.0.0.1', () => {
          const node = { ...caller().node, port: (server.address() as { port: number }).port };
          void filesToSend([slices], () => {})
            .then((files) => sendByDimse({ ...caller(), node }, files, { stop: { aborted: false }, onSent: () => {}, onRefused: () => {} }))
            .catch(() => undefined);
        });
      });
    });
    expect(bytes.length).toBeGreaterThan(1_000_000);
    await expect.poll(() => objectsIn(folder)).toEqual([]);
    expect(await send(slices)).toEqual({ sent: 1, refused: [] });
    expect(objectsIn(folder)).toHaveLength(1);
  });

  it('answers a different object of a known UID with a failure', async () => {
    const folder = await start();
    const slices = writeSlices(1);
    await send(slices);
    expect(await send(slices)).toEqual({ sent: 1, refused: [] });
    rmSync(slices, { recursive: true });
    expect((await send(writeSlices(1, 17))).refused).toEqual([expect.stringContaining('0x0111')]);
    expect(receptions.map((one) => one.outcome)).toEqual(['kept', 'kept', 'refused']);
    expect(objectsIn(folder)).toHaveLength(1);
  });
});

const mountPoint = mkdtempSync(join(tmpdir(), 'maskloop-full-'));
const canMount = platform === 'linux' && getuid?.() === 0 && tryMount();
function tryMount(): boolean {
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mountPoint], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // a container without the right to mount
  }
}

describe.skipIf(!canMount)(`a full disk while receiving${canMount ? '' : ' (skipped: mounting a small tmpfs needs root)'}`, () => {
  afterEach(() => {
    execFileSync('/bin/umount', ['-l', mountPoint]);
    rmSync(mountPoint, { recursive: true, force: true });
  });

  it('is told to the sender as out of resources, and what fitted stays', async () => {
    const folder = await start(join(mountPoint, 'inbox'));
    const { bavail, bsize } = statfsSync(mountPoint);
    writeFileSync(join(mountPoint, 'filler'), new Uint8Array(bavail * bsize - 1_200_000));
    const { sent, refused } = await send(writeSlices(4, 512));
    expect(sent).toBeGreaterThan(0);
    expect(refused.length).toBe(4 - sent);
    for (const one of refused) expect(one).toContain('0xA700: the disk is full');
    expect(objectsIn(folder)).toHaveLength(sent);
    rmSync(join(mountPoint, 'filler'));
    expect((await send(join(root, 'slices'))).refused).toEqual([]);
  });
});
