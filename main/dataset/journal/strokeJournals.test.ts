import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JournalId, WindowId } from '../../contract/journal.ts';
import { CaseId } from '../../contract/vocabulary.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import { TEMPORARY_SUFFIX } from '../atomicFile.ts';
import { ProjectFolder } from '../projectFolder.ts';
import type { JournalHeader } from './journalFrames.ts';
import { StrokeJournals } from './strokeJournals.ts';

const caseId = CaseId.parse('a');
const windowId = WindowId.parse('00000000-0000-4000-8000-000000000000');
const idOf = (n: number): JournalId => JournalId.parse(`journal-${n.toString(16).padStart(16, '0')}`);
const FIRST = idOf(1);
const grid = gridFromAffine([4, 3, 2], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
const headerOf = (journalId: JournalId): JournalHeader => ({
  version: 1,
  journalId,
  caseId,
  author: 'me',
  windowId,
  beganAtMs: 5,
  base: null,
  grid,
  mask: 1,
  recoveredFrom: null,
});

describe('journals of strokes', () => {
  let root: string;
  let folder: ProjectFolder;
  let journals: StrokeJournals;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'maskloop-strokes-'));
    folder = new ProjectFolder(root);
    mkdirSync(folder.case(caseId), { recursive: true });
    journals = new StrokeJournals(folder);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const file = (journalId = FIRST): string => join(folder.journals(caseId), `${journalId}.strokes`);
  const append = (sequence: number, text: string, author = 'me'): Promise<void> =>
    journals.append(caseId, FIRST, author, { sequence, changeCount: 1, atMs: 10 * sequence }, [Buffer.from(text.slice(0, 2)), Buffer.from(text.slice(2))]);
  async function read(): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await journals.payloads(caseId, FIRST, 'me')).chunks) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }
  async function begun(...texts: string[]): Promise<void> {
    await journals.begin(headerOf(FIRST));
    for (const [n, text] of texts.entries()) await append(n + 1, text);
  }
  const found = async () =>
    (await journals.ofCase(caseId)).map(({ journalId, header, frames, isDamaged }) => ({
      journalId,
      author: header?.author ?? null,
      frames: frames.length,
      isDamaged,
    }));

  it('keep what is appended, also by a program that starts anew', async () => {
    await begun('one', 'second');
    journals = new StrokeJournals(folder);
    await append(3, 'third');
    expect(await read()).toBe('onesecondthird');
    expect(await found()).toEqual([{ journalId: FIRST, author: 'me', frames: 3, isDamaged: false }]);
    expect((await journals.ofCase(caseId))[0]!.frames.map(({ sequence, changeCount, atMs }) => [sequence, changeCount, atMs])).toEqual([
      [1, 1, 10],
      [2, 1, 20],
      [3, 1, 30],
    ]);
  });

  it('write a frame once that is sent twice, and refuse one that leaves a gap, another author, and a journal that ended', async () => {
    await begun('one');
    await append(1, 'one');
    await append(2, 'two');
    expect(await read()).toBe('onetwo');
    const lost = { error: { code: 'not-found', what: 'journal' } };
    await expect(append(4, 'four')).rejects.toMatchObject(lost);
    await expect(append(3, 'three', 'somebody else')).rejects.toMatchObject(lost);
    await expect(journals.payloads(caseId, FIRST, 'somebody else')).rejects.toMatchObject(lost);
    await expect(journals.end(caseId, FIRST, 'somebody else', 'saved', 1)).rejects.toMatchObject(lost);
    await journals.end(caseId, FIRST, 'me', 'saved', 1);
    await expect(append(3, 'three')).rejects.toMatchObject(lost);
    expect(await found()).toEqual([]);
    await journals.end(caseId, FIRST, 'me', 'saved', 1); // a second time is no failure
  });

  it('leave a torn last frame out at every place where it can be torn, and go on before it', async () => {
    await begun('one', 'two');
    const whole = readFileSync(file()).length;
    await append(3, 'torn');
    const bytes = readFileSync(file());
    for (let length = whole; length < bytes.length; length++) {
      writeFileSync(file(), bytes.subarray(0, length));
      journals = new StrokeJournals(folder);
      expect(await read(), `${length} of ${bytes.length} bytes`).toBe('onetwo');
      expect((await found())[0]).toMatchObject({ frames: 2, isDamaged: false });
    }
    await append(3, 'again');
    expect(await read()).toBe('onetwoagain');
    // power was cut after the length of the file was written and before its bytes
    appendFileSync(file(), Buffer.alloc(500));
    journals = new StrokeJournals(folder);
    await append(4, '!');
    expect(await read()).toBe('onetwoagain!');
  });

  it('tell damage from a torn end, read what stands before it, and never delete such a file', async () => {
    await begun('first', 'second', 'third');
    const bytes = readFileSync(file());
    bytes[bytes.indexOf('second')]! ^= 1;
    writeFileSync(file(), bytes);
    journals = new StrokeJournals(folder);
    expect(await read()).toBe('first');
    expect((await found())[0]).toMatchObject({ frames: 1, isDamaged: true });
    await expect(append(2, 'over it')).rejects.toMatchObject({ error: { code: 'not-found' } });
    await journals.end(caseId, FIRST, 'me', 'saved', 7);
    for (let n = 2; n < 20; n++) {
      await journals.begin(headerOf(idOf(n)));
      await journals.end(caseId, idOf(n), 'me', 'discarded', 7 + n);
    }
    const aside = readdirSync(folder.journalsAside(caseId));
    expect(aside).toContain(`damaged-7-${FIRST}.strokes`);
    expect(readFileSync(join(folder.journalsAside(caseId), `damaged-7-${FIRST}.strokes`)).equals(bytes)).toBe(true);
    // of those that can be read the newest ten
    expect(
      aside
        .filter((name) => !name.startsWith('damaged'))
        .map((name) => Number(name.split('-')[0]))
        .sort((a, b) => a - b),
    ).toEqual([17, 18, 19, 20, 21, 22, 23, 24, 25, 26]);
  });

  it('keep what was discarded for thirty days', async () => {
    const days = (count: number): number => count * 86_400_000;
    for (const n of [1, 2, 3]) await journals.begin(headerOf(idOf(n)));
    await journals.end(caseId, idOf(1), 'me', 'discarded', days(100));
    await journals.end(caseId, idOf(2), 'me', 'discarded', days(129.9));
    expect(readdirSync(folder.journalsAside(caseId))).toHaveLength(2);
    await journals.end(caseId, idOf(3), 'me', 'discarded', days(130.1));
    expect(readdirSync(folder.journalsAside(caseId)).some((name) => name.includes(idOf(1)))).toBe(false);
    expect(readdirSync(folder.journalsAside(caseId))).toHaveLength(2);
  });

  it('say of a file whose beginning is lost that it is there, and put it aside only for ever', async () => {
    await begun('one');
    truncateSync(file(), 20);
    journals = new StrokeJournals(folder);
    expect(await found()).toEqual([{ journalId: FIRST, author: null, frames: 0, isDamaged: true }]);
    await journals.sweep([caseId]);
    await journals.end(caseId, FIRST, 'me', 'saved', 3);
    expect(readdirSync(folder.journalsAside(caseId))).toEqual([`damaged-3-${FIRST}.strokes`]);
  });

  it('leave no litter: what a crash left unfinished, and journals without a change, go when the project is opened', async () => {
    await begun('one');
    await journals.begin(headerOf(idOf(2)));
    writeFileSync(join(folder.journals(caseId), `.${FIRST}.strokes.0123${TEMPORARY_SUFFIX}`), 'half');
    await journals.sweep([caseId]);
    expect(readdirSync(folder.journals(caseId))).toEqual([`${FIRST}.strokes`]);
  });
});
