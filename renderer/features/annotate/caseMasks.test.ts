/** What the chooser of masks asks for, and that nothing is left unsaved on the way. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CaseDetail, MaskInfo } from '../../../main/contract/api.ts';
import { CaseId } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import { Notices } from '../../lib/notices.svelte.ts';
import { CaseMasks } from './caseMasks.svelte.ts';

const caseId = CaseId.parse('a');
const info = (mask: number, change: Partial<MaskInfo> = {}): MaskInfo => ({
  mask,
  name: `m${mask}`,
  isTraining: mask === 1,
  isDeleted: false,
  latestRevision: mask,
  acceptedRevision: null,
  ...change,
});

describe('the masks of the open case', () => {
  const calls: unknown[] = [];
  const opened: unknown[] = [];
  let isSaved = true;
  let openCase: CaseDetail;
  let notices: Notices;
  let masks: CaseMasks;
  beforeEach(() => {
    vi.useFakeTimers();
    calls.length = 0;
    opened.length = 0;
    isSaved = true;
    openCase = { caseId, mask: 1, latestRevision: 7, masks: [info(1), info(2, { isDeleted: true }), info(3)] } as unknown as CaseDetail;
    notices = new Notices();
    const call = (name: string, input: unknown): Promise<MaskInfo> => {
      calls.push([name, input]);
      return Promise.resolve(info(4));
    };
    const api = { call } as unknown as AppApi;
    masks = new CaseMasks(api, notices, {
      get openCase() {
        return openCase;
      },
      open: (...wanted) => Promise.resolve(void opened.push(wanted)),
      save: () => Promise.resolve(isSaved),
    });
    return () => vi.useRealTimers();
  });

  it('are gone through in turn, without the deleted ones', () => {
    expect([masks.list.map(({ mask }) => mask), masks.deleted.map(({ mask }) => mask), masks.next]).toEqual([[1, 3], [2], 3]);
    openCase = { ...openCase, mask: 3 };
    expect(masks.next).toBe(1);
    openCase = { ...openCase, mask: 1, masks: [info(1), info(2, { isDeleted: true })] };
    expect(masks.next).toBeNull();
  });

  it('are shown once what is painted was asked about', () => {
    const waiting: (() => void)[] = [];
    masks.connect((run) => void waiting.push(run));
    masks.choose(3);
    masks.choose(1);
    expect([opened, waiting.length]).toEqual([[], 1]);
    waiting[0]!();
    expect(opened).toEqual([[caseId, 3]]);
  });

  it('a copy is of what was saved just now; without saving there is none', async () => {
    await masks.add('copy', true);
    expect([calls, opened]).toEqual([[['labels.addMask', { caseId, name: 'copy', fromRevision: 7 }]], [[caseId, 4]]]);
    await masks.add('empty', false);
    expect(calls[1]).toEqual(['labels.addMask', { caseId, name: 'empty', fromRevision: null }]);
    isSaved = false;
    await masks.add('never', true);
    expect(calls).toHaveLength(2);
  });

  it('a deleted one makes room for the training mask, and can be brought back', async () => {
    openCase = { ...openCase, mask: 3 };
    masks.delete();
    await vi.waitFor(() => expect(opened).toEqual([[caseId, 1]]));
    expect(calls).toEqual([['labels.setMaskDeleted', { caseId, mask: 3, isDeleted: true }]]);
    notices.list[0]!.action!.run();
    await vi.waitFor(() => expect(calls[1]).toEqual(['labels.setMaskDeleted', { caseId, mask: 3, isDeleted: false }]));
  });

  it('a new training mask can be taken back', async () => {
    openCase = { ...openCase, mask: 3 };
    await masks.train();
    notices.list[0]!.action!.run();
    expect(calls).toEqual([
      ['labels.setTrainingMask', { caseId, mask: 3 }],
      ['labels.setTrainingMask', { caseId, mask: 1 }],
    ]);
  });
});
