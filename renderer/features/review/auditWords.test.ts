import { afterEach, expect, it } from 'vitest';
import type { AuditVerification } from '../../../main/contract/audit.ts';
import { setLanguage } from '../../lib/messages/messages.svelte.ts';
import { auditVerdict, factLines, glanceText } from './auditWords.ts';

afterEach(() => setLanguage('en'));
const whole: AuditVerification = { count: 1234, head: null, firstBroken: null, masksMatch: true, clockSetBack: [], remembered: { seq: 9, sha256: 'ab' } };

it('a trail that holds says so first, and what it was checked against', () => {
  expect(auditVerdict(whole)).toEqual({
    holds: true,
    sentences: ['All 1,234 entries hold: nothing was changed, taken out or put in.', 'Checked against entry 9, which your settings remember.'],
  });
  setLanguage('de');
  expect(auditVerdict({ ...whole, remembered: null }).sentences[0]).toMatch(/^Alle 1.234 Einträge stimmen/);
});

it('what is broken comes first, each with its number; a clock that went back breaks nothing', () => {
  const { holds, sentences } = auditVerdict({ ...whole, firstBroken: { seq: 7, problem: 'notLinked' }, masksMatch: false });
  expect(holds).toBe(false);
  expect(sentences.slice(0, 2)).toEqual([
    'Entry 7 does not follow from the entry before it.',
    'There are masks that no entry tells of, or whose record was changed.',
  ]);
  const back = auditVerdict({ ...whole, clockSetBack: [{ seq: 5, byMs: 3_600_000 }] });
  expect(back.holds).toBe(true);
  expect(back.sentences.at(-1)).toBe('The clock of the computer went back by 60 min before entry 5; the order is still right.');
});

it('facts at a glance and whole', () => {
  expect(
    glanceText({
      facts: {
        format: 'nifti',
        outputFolder: '/out',
        masks: [
          ['a', 1, 'ff'],
          ['b', 2, 'fe'],
        ],
      },
    }),
  ).toBe('2 masks · nifti · /out');
  expect(glanceText({ facts: { revision: 3, sha256: 'ab' } })).toBe('mask 3');
  expect(glanceText({ facts: { passphrase: 'changed' } })).toBe('changed');
  expect(glanceText({ facts: { other: { deep: 1 } } })).toBe('');
  expect(factLines({ facts: { reason: '<b>', masks: [['a', 1]] } })).toEqual([
    { name: 'reason', value: '<b>' },
    { name: 'masks', value: '[["a",1]]' },
  ]);
});
