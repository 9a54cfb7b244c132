/** Journals of strokes through the services: whose they are, what stands in their way, and when they are told. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bulkUrls } from '../../main/contract/api.ts';
import { type JournalId, WindowId } from '../../main/contract/journal.ts';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { callService } from '../../main/services/callService.ts';
import { ServiceRig } from './serviceRig.ts';

const caseId = CaseId.parse('phantom_001');

describe('journals of strokes through the services', () => {
  let rig: ServiceRig;
  let windowId: WindowId;
  beforeEach(async () => {
    rig = ServiceRig.create();
    windowId = WindowId.parse(randomUUID());
    await rig.createWithPhantoms(2, 2);
  });
  afterEach(() => rig.dispose());

  const begin = async (base: number | null = 1, recoveredFrom: JournalId | null = null): Promise<JournalId> =>
    (await rig.call('labels.beginJournal', { caseId, windowId, base, recoveredFrom })).journalId;
  async function append(journalId: JournalId, sequence: number, text: string, changeCount = 1, userName?: string) {
    const { status, body } = await rig.services.bulk.append(
      bulkUrls.journalFrame(caseId, journalId, sequence, changeCount),
      Readable.from([Buffer.from(text)]),
      userName,
    );
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(Buffer.from(chunk as Uint8Array));
    return { status, answer: JSON.parse(Buffer.concat(chunks).toString()) as unknown };
  }
  const journals = async () => (await rig.call('labels.journals', { caseId })).journals;
  const folder = () => join(rig.projectFolder, 'cases', caseId, 'journal');
  const notFound = { status: 404, answer: { code: 'not-found', what: 'journal' } };

  it('keep strokes over a crash of the program, count them, and end when the mask is saved', async () => {
    const journalId = await begin();
    expect(await journals()).toEqual([]); // nothing in it yet
    expect(await append(journalId, 1, 'abc', 36)).toEqual({ status: 200, answer: { sequence: 1 } });
    await rig.restart();
    await rig.call('project.open', { folder: rig.projectFolder });
    expect(await append(journalId, 2, 'defg')).toMatchObject({ status: 200 });
    expect(await rig.call('labels.journals', {})).toMatchObject({
      journals: [
        {
          journalId,
          caseId,
          file: `cases/${caseId}/journal/${journalId}.strokes`,
          baseRevision: 1,
          changeCount: 37,
          isDamaged: false,
          obstacle: null,
          isBeingPainted: false,
        },
      ],
    });
    const { bytes, contentLength } = await rig.get(bulkUrls.journal(caseId, journalId));
    expect([bytes.toString(), contentLength]).toEqual(['abcdefg', 7]);
    await rig.call('labels.endJournal', { caseId, journalId, end: 'saved' });
    expect(readdirSync(folder())).toEqual([]);
    expect(await append(journalId, 3, 'late')).toMatchObject(notFound);
  });

  it('are not offered while their window is there', async () => {
    const leave = rig.services.windows.arrive(windowId);
    const leaveAgain = rig.services.windows.arrive(windowId);
    await append(await begin(), 1, 'x');
    leave();
    leave();
    expect(await journals()).toMatchObject([{ isBeingPainted: true }]);
    leaveAgain();
    expect(await journals()).toMatchObject([{ isBeingPainted: false }]);
  });

  it('of two windows stay apart, and belong to who painted', async () => {
    const mine = await begin();
    const other = await begin();
    await append(mine, 1, 'mine');
    await append(other, 1, 'other');
    expect((await rig.get(bulkUrls.journal(caseId, mine))).bytes.toString()).toBe('mine');
    expect((await rig.get(bulkUrls.journal(caseId, other))).bytes.toString()).toBe('other');
    const theirs = rig.services.handlersOf({ name: 'somebody', role: 'annotator' });
    expect(await callService(theirs, 'labels.journals', { caseId })).toEqual({ ok: true, value: { journals: [] } });
    expect(await callService(theirs, 'labels.endJournal', { caseId, journalId: mine, end: 'discarded' })).toMatchObject({
      ok: false,
      error: { code: 'not-found' },
    });
    expect(await append(mine, 2, 'theirs', 1, 'somebody')).toMatchObject(notFound);
    expect((await rig.services.bulk.get(bulkUrls.journal(caseId, mine), 'somebody')).status).toBe(404);
  });

  it('that were recovered into another one are not told twice, once that one has them', async () => {
    const old = await begin();
    await append(old, 1, 'x', 5);
    const next = await begin(1, old);
    expect((await journals()).map(({ journalId }) => journalId)).toEqual([old]);
    await append(next, 1, 'x', 5);
    expect((await journals()).map(({ journalId }) => journalId)).toEqual([next]);
  });

  it('say what stands in their way, and stay', async () => {
    const journalId = await begin();
    await append(journalId, 1, 'x');
    const file = join(folder(), `${journalId}.strokes`);
    const bytes = readFileSync(file);
    const rewrite = (from: string, to: string): void => writeFileSync(file, bytes.toString('latin1').replace(from, to), 'latin1');
    // the hash in the frame no longer fits: nobody knows what this is
    rewrite('"author":"reader"', '"author":"writer"');
    expect(await journals()).toMatchObject([{ obstacle: 'header', isDamaged: true, changeCount: 0 }]);
    await rig.call('labels.endJournal', { caseId, journalId, end: 'discarded' });
    expect(readdirSync(join(folder(), 'aside'))[0]).toMatch(/^damaged-/);
    expect(await rig.errorOf('labels.beginJournal', { caseId, windowId, base: 9 })).toMatchObject({ code: 'not-found', what: 'revision' });
  });

  it('of a case that was imported anew, or whose revision is another one, are not laid over it', async () => {
    const journalId = await begin();
    await append(journalId, 1, 'x');
    const file = join(folder(), `${journalId}.strokes`);
    const other = CaseId.parse('phantom_002');
    const { journalId: elsewhere } = await rig.call('labels.beginJournal', { caseId: other, windowId, base: 1 });
    // as if a backup of another project had been copied over this case
    writeFileSync(join(rig.projectFolder, 'cases', other, 'journal', `${elsewhere}.strokes`), readFileSync(file));
    expect((await rig.call('labels.journals', { caseId: other })).journals).toMatchObject([{ obstacle: 'header', changeCount: 1 }]);
    expect(existsSync(file)).toBe(true);
  });

  it('are refused where they lead elsewhere, and when they are far too large', async () => {
    const journalId = await begin();
    for (const path of ['/journal/../x/1/1', `/journal/${caseId}/journal-xyz/1/1`, `/journal/${caseId}/${journalId}`, `/journal/${caseId}/${journalId}/0/1`])
      expect((await rig.services.bulk.append(path, Readable.from([Buffer.from('x')]))).status, path).toBe(400);
    const tooMuch = Readable.from(
      (function* () {
        for (let n = 0; n < 4096; n++) yield Buffer.alloc(2 ** 20);
      })(),
    );
    expect((await rig.services.bulk.append(bulkUrls.journalFrame(caseId, journalId, 1, 1), tooMuch)).status).toBe(400);
    expect(await journals()).toEqual([]);
  });
});
