import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { CallInput, CallName } from '../../../main/contract/api.ts';
import { AppException, type AppError } from '../../../main/contract/errors.ts';
import { JournalId, WindowId } from '../../../main/contract/journal.ts';
import { CaseId } from '../../../main/contract/vocabulary.ts';
import { decodeEntries } from '../../viewer/edit/strokeEntries.ts';
import type { StrokeEntry } from '../../viewer/edit/strokeEntries.ts';
import { CaseJournal, type JournalProblem } from './caseJournal.ts';

const caseId = CaseId.parse('a');
const idOf = (n: number): JournalId => JournalId.parse(`journal-${n.toString(16).padStart(16, '0')}`);
const stroke = (name: string): StrokeEntry => ({ kind: 'step', way: 'after', name, labelValues: null, slices: [{ k: 0, runs: Uint8Array.of(0, 1, 0, 1) }] });

/** Journals as a server keeps them, one that can fail in every way a server and a network can. */
class FakeJournals {
  readonly windowId = WindowId.parse('00000000-0000-4000-8000-000000000000');
  /** What happened, in order. */
  readonly log: string[] = [];
  readonly frames = new Map<JournalId, string[][]>();
  /** Thrown by the next requests, one each; `lost` answers never come although the frame was written. */
  readonly failures: (AppError | 'network' | 'lost')[] = [];
  gate: Promise<void> = Promise.resolve();

  #failOnce(): boolean {
    const failure = this.failures.shift();
    if (failure === 'network') throw new TypeError('Failed to fetch');
    if (failure && failure !== 'lost') throw new AppException(failure);
    return failure === 'lost';
  }

  call = (async (name: CallName, input: unknown) => {
    await this.gate;
    this.#failOnce();
    if (name === 'labels.endJournal') {
      const { journalId, end } = input as CallInput<'labels.endJournal'>;
      this.log.push(`end ${this.number(journalId as JournalId)} ${end}`);
      return null;
    }
    const { base } = input as CallInput<'labels.beginJournal'>;
    const journalId = idOf(this.frames.size + 1);
    this.frames.set(journalId, []);
    this.log.push(`begin ${this.frames.size} on ${base}`);
    return { journalId };
  }) as ConstructorParameters<typeof CaseJournal>[0]['call'];

  appendStrokes = async (_caseId: CaseId, journalId: JournalId, sequence: number, changeCount: number, changes: Blob): Promise<void> => {
    await this.gate;
    const entries = decodeEntries(new Uint8Array(await changes.arrayBuffer())).map((entry) => (entry.kind === 'step' ? entry.name : entry.kind));
    const frames = this.frames.get(journalId);
    const isLost = this.#failOnce();
    if (!frames || sequence > frames.length + 1) throw new AppException({ code: 'not-found', what: 'journal', id: journalId });
    if (sequence === frames.length + 1) {
      frames.push(entries);
      this.log.push(`${this.number(journalId)}/${sequence} ${entries.join('+')} (${changeCount})`);
    }
    if (isLost) throw new TypeError('Failed to fetch');
  };

  number(journalId: JournalId): number {
    return [...this.frames.keys()].indexOf(journalId) + 1;
  }
}

function journalOn(server: FakeJournals, problems: (JournalProblem | null)[] = [], recoveredFrom: JournalId | null = null): CaseJournal {
  return new CaseJournal(server, caseId, 3, { behind: (problem) => problems.push(problem) }, recoveredFrom);
}
const quiet = (): Promise<void> => sleep(60);

describe('the journal of a case that is painted', () => {
  it('begins with the first change, sends it at once and what comes meanwhile together', async () => {
    const server = new FakeJournals();
    const journal = journalOn(server);
    let open: () => void = () => undefined;
    await quiet();
    expect(server.log).toEqual([]);
    server.gate = new Promise((done) => (open = done));
    journal.record(stroke('one'));
    await quiet();
    journal.record(stroke('two'), 5);
    open();
    await quiet();
    journal.record(stroke('three'));
    await quiet();
    expect(server.log.slice(0, 1)).toEqual(['begin 1 on 3']);
    expect([...server.frames.values()].flat(2)).toEqual(['one', 'two', 'three']);
    expect(server.log.at(-1)).toBe('1/2 three (1)');
  });

  it('says that it is behind, tries again, and sends a frame again as it was whose answer was lost', async () => {
    const server = new FakeJournals();
    const problems: (JournalProblem | null)[] = [];
    const journal = journalOn(server, problems);
    journal.record(stroke('one'));
    await quiet();
    server.failures.push('lost');
    journal.record(stroke('two'));
    await quiet();
    expect(problems.at(-1)).toBe('unreachable');
    journal.record(stroke('three'));
    await expect.poll(() => problems.at(-1), { timeout: 5000 }).toBeNull();
    // "three" did not pass for written with the answer to "two"
    expect(server.log).toEqual(['begin 1 on 3', '1/1 one (1)', '1/2 two (1)', '1/3 three (1)']);
  });

  it('is written anew, from the beginning, when it is lost', async () => {
    const server = new FakeJournals();
    const journal = journalOn(server);
    journal.record(stroke('one'));
    await quiet();
    server.frames.get(idOf(1))!.length = 0; // a frame that the server no longer has: a gap
    journal.record(stroke('two'));
    await expect.poll(() => server.frames.get(idOf(2)), { timeout: 5000 }).toEqual([['one', 'two']]);
  });

  it('ends with a save; what was painted while it ran is on the disk before', async () => {
    const server = new FakeJournals();
    const journal = journalOn(server);
    journal.record(stroke('one'));
    await quiet();
    journal.saveBegins();
    journal.record(stroke('while saving'));
    await quiet();
    await journal.saved(4);
    expect(server.log).toEqual(['begin 1 on 3', '1/1 one (1)', '1/2 while saving (1)', 'begin 2 on 4', '2/1 while saving (1)', 'end 1 saved']);
    journal.saveBegins();
    await journal.saved(5);
    expect(server.log.at(-1)).toBe('end 2 saved');
    journal.record(stroke('later'));
    await quiet();
    expect(server.log.slice(-2)).toEqual(['begin 3 on 5', '3/1 later (1)']);
  });

  it('that was recovered ends only when its changes are on the disk again', async () => {
    const server = new FakeJournals();
    const old = idOf(99);
    const journal = journalOn(server, [], old);
    server.failures.push({ code: 'disk/full', path: 'p' });
    journal.record(stroke('recovered'), 37);
    journal.endOther(old, 'recovered');
    await expect.poll(() => server.log, { timeout: 5000 }).toEqual(['begin 1 on 3', '1/1 recovered (37)', 'end 0 recovered']);
  });

  it('is put aside when it is dropped, and does not go on asking where that is no use', async () => {
    const server = new FakeJournals();
    const problems: (JournalProblem | null)[] = [];
    const journal = journalOn(server, problems);
    journal.record(stroke('one'));
    await quiet();
    await journal.end('discarded');
    expect(server.log.at(-1)).toBe('end 1 discarded');

    const denied = { code: 'access/denied', action: 'labels.beginJournal', role: 'reader', leastRole: 'annotator' } as const;
    const refused = journalOn(server, problems);
    server.failures.push(denied);
    refused.record(stroke('two'));
    await sleep(700);
    expect(problems.at(-1)).toEqual(denied);
    expect(server.frames.size).toBe(1);
  });
});
