import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openVault } from '../vault/keyring.ts';
import { readFile } from '../vault/readSealed.ts';
import { fileHeader, readDicomFileHead } from './dicomFile.ts';
import { Inbox } from './inbox.ts';
import { pathComponent } from './inboxPath.ts';

const EXPLICIT = '1.2.840.10008.1.2.1';
const IMPLICIT = '1.2.840.10008.1.2';
const BIG_ENDIAN = '1.2.840.10008.1.2.2';
const DEFLATED = '1.2.840.10008.1.2.1.99';
const CT = '1.2.840.10008.5.1.4.1.1.2';

interface Uids {
  sop?: string;
  study?: string;
  series?: string;
}

/** SOP class, SOP instance, a nested sequence of undefined length, study and series, pixels. */
function dataset(syntax: string, { sop = '1.2.3', study = '1.2', series = '1.2.1' }: Uids = {}, pixels = 'pixels'): Buffer {
  const isBig = syntax === BIG_ENDIAN;
  const element = (group: number, number: number, vr: string, value: Buffer | string, length?: number): Buffer => {
    const text = Buffer.from(value as string, 'latin1');
    const body = text.length % 2 ? Buffer.concat([text, Buffer.from('\0')]) : text;
    const isItem = group === 0xfffe;
    const isLong = vr === 'SQ' || vr === 'OW';
    const head = Buffer.alloc(syntax === IMPLICIT || isItem || !isLong ? 8 : 12);
    const write16 = (x: number, at: number) => (isBig ? head.writeUInt16BE(x, at) : head.writeUInt16LE(x, at));
    const write32 = (x: number, at: number) => (isBig ? head.writeUInt32BE(x, at) : head.writeUInt32LE(x, at));
    write16(group, 0);
    write16(number, 2);
    if (syntax === IMPLICIT || isItem) write32(length ?? body.length, 4);
    else {
      head.write(vr, 4);
      if (isLong) write32(length ?? body.length, 8);
      else write16(body.length, 6);
    }
    return Buffer.concat([head, body]);
  };
  const inner = element(0x0020, 0x000d, 'UI', '9.9.9'); // of another study, which is not asked for
  const sequence = Buffer.concat([element(0xfffe, 0xe000, '', inner, 0xffffffff), element(0xfffe, 0xe00d, '', ''), element(0xfffe, 0xe0dd, '', '')]);
  const whole = Buffer.concat([
    element(0x0008, 0x0016, 'UI', CT),
    element(0x0008, 0x0018, 'UI', sop),
    element(0x0008, 0x1140, 'SQ', sequence, 0xffffffff),
    element(0x0020, 0x000d, 'UI', study),
    element(0x0020, 0x000e, 'UI', series),
    element(0x7fe0, 0x0010, 'OW', pixels),
  ]);
  return syntax === DEFLATED ? deflateRawSync(whole) : whole;
}

let folder: string;
let inbox: Inbox;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'maskloop-inbox-'));
  inbox = await Inbox.open(folder, 'receiving');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function arrive(bytes: Buffer, syntax = EXPLICIT, announcedSop = '1.2.3') {
  const announced = { sopClassUid: CT, sopInstanceUid: announcedSop, transferSyntaxUid: syntax };
  const file = inbox.receive();
  file.write(fileHeader(announced, 'PACS1'));
  file.end(bytes);
  return inbox.keep(file, announced);
}
const filesIn = (): string[] => (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith('.dcm'));

describe('Inbox', () => {
  it.each([EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED])('puts an object to its study and series, byte for byte (%s)', async (syntax) => {
    const bytes = dataset(syntax);
    expect(await arrive(bytes, syntax)).toMatchObject({
      outcome: 'kept',
      isNew: true,
      identity: { studyUid: '1.2', seriesUid: '1.2.1', sopInstanceUid: '1.2.3' },
    });
    expect(filesIn()).toEqual([join('1.2', '1.2.1', '1.2.3.dcm')]);
    const path = join(folder, '1.2', '1.2.1', '1.2.3.dcm');
    const head = await readDicomFileHead(path);
    expect(head).toMatchObject({ sopClassUid: CT, sopInstanceUid: '1.2.3', transferSyntaxUid: syntax });
    expect(readFileSync(path).subarray(head!.datasetOffsetBytes)).toEqual(bytes);
  });

  it('takes the same object twice, and refuses another one of its UID', async () => {
    await arrive(dataset(EXPLICIT));
    expect(await arrive(dataset(EXPLICIT))).toMatchObject({ outcome: 'kept', isNew: false });
    expect(await arrive(dataset(EXPLICIT, {}, 'others'))).toMatchObject({ outcome: 'refused', reason: 'duplicate' });
    expect(await arrive(dataset(EXPLICIT, {}, 'longer pixels'))).toMatchObject({ outcome: 'refused', reason: 'duplicate' });
    expect(filesIn()).toHaveLength(1);
    expect(readFileSync(join(folder, '1.2', '1.2.1', '1.2.3.dcm')).includes('pixels')).toBe(true);
  });

  it('of an encrypted project keeps objects sealed, and compares what is in them', async () => {
    const closeVault = openVault({ folder, key: randomBytes(32), names: null });
    try {
      expect(await arrive(dataset(EXPLICIT))).toMatchObject({ outcome: 'kept', isNew: true, identity: { sopInstanceUid: '1.2.3' } });
      expect(await arrive(dataset(EXPLICIT))).toMatchObject({ outcome: 'kept', isNew: false });
      expect(await arrive(dataset(EXPLICIT, {}, 'others'))).toMatchObject({ outcome: 'refused', reason: 'duplicate' });
      const path = join(folder, '1.2', '1.2.1', '1.2.3.dcm');
      expect(readFileSync(path).includes('pixels')).toBe(false);
      const head = await readDicomFileHead(path);
      expect((await readFile(path)).subarray(head!.datasetOffsetBytes)).toEqual(dataset(EXPLICIT));
    } finally {
      closeVault();
    }
  });

  it('two senders bring the same object at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => arrive(dataset(EXPLICIT))));
    expect(outcomes.map((one) => one.outcome === 'kept' && one.isNew).sort()).toEqual([false, false, false, false, true]);
    expect(filesIn()).toHaveLength(1);
  });

  it('refuses what is not what was announced, or says not what it is', async () => {
    expect(await arrive(dataset(EXPLICIT, { sop: '1.2.4' }))).toMatchObject({ reason: 'mismatch' });
    expect(await arrive(dataset(EXPLICIT).subarray(0, 60))).toMatchObject({ reason: 'unreadable' });
    expect(await arrive(dataset(EXPLICIT), IMPLICIT)).toMatchObject({ reason: 'unreadable' });
    expect(await arrive(Buffer.from('no deflated stream'), DEFLATED)).toMatchObject({ reason: 'unreadable' });
    expect(await arrive(Buffer.alloc(0))).toMatchObject({ reason: 'unreadable' });
    expect(filesIn()).toEqual([]);
  });

  it('keeps nothing of an object whose sender broke off', async () => {
    const file = inbox.receive();
    file.write(dataset(EXPLICIT));
    file.destroy();
    expect(await inbox.keep(file)).toMatchObject({ outcome: 'refused', reason: 'disk' });
    expect(filesIn()).toEqual([]);
  });

  it('says what the disk says', async () => {
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'no folder any more');
    expect(await arrive(dataset(EXPLICIT))).toMatchObject({ outcome: 'refused', reason: 'disk' });
  });

  it('forgets what an earlier process left unfinished', async () => {
    writeFileSync(join(folder, '.receiving', 'half.dcm'), 'half');
    const other = await Inbox.open(folder, 'retrieving');
    expect(filesIn()).toHaveLength(1);
    const file = other.receive();
    file.write('half');
    await Inbox.open(folder, 'receiving');
    expect(filesIn()).toEqual([join('.retrieving', basename(file.path))]);
    await file.discard();
  });

  it('never takes a path from the network', async () => {
    const evil = '../../../evil';
    await arrive(dataset(EXPLICIT, { study: evil, series: 'C:\\x', sop: '.' }), EXPLICIT, '.');
    const [file] = filesIn();
    expect(file).toMatch(/^x[0-9a-f]{40}.x[0-9a-f]{40}.x[0-9a-f]{40}\.dcm$/);
    for (const odd of ['..', '.', '', '1..2', '/etc', '1.2/3', '1.2\0', '1'.repeat(65)]) expect(pathComponent(odd)).toMatch(/^x[0-9a-f]{40}$/);
    expect(pathComponent('1.2.840.10008.1.2')).toBe('1.2.840.10008.1.2');
  });

  it('tells which objects of a series are there', async () => {
    await arrive(dataset(EXPLICIT));
    expect(await inbox.presentObjects('1.2', '1.2.1', ['1.2.3', '1.2.4'])).toEqual(new Set(['1.2.3']));
    expect(await inbox.objectCount('1.2', '1.2.1')).toBe(1);
    expect(await inbox.objectCount('1.2', '7')).toBe(0);
  });
});
