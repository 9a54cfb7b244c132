import { describe, expect, it } from 'vitest';
import { CaseId } from '../contract/vocabulary.ts';
import { crossValidationSplits } from '../nnunet/train/splits.ts';
import { placeFolds as placeWithReasons, splitsWith } from './placeFolds.ts';

const id = (name: string) => CaseId.parse(name);
const cases = (...names: string[]) => names.map((name) => ({ caseId: id(name), subject: name.split('_')[0]! }));
const ten = cases('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j');
const placeFolds = (...input: Parameters<typeof placeWithReasons>) => new Map([...placeWithReasons(...input)].map(([caseId, { fold }]) => [caseId, fold]));
const foldsOf = (map: ReadonlyMap<CaseId, number | null>) => Object.fromEntries(map);

describe('placing cases in folds', () => {
  it('is nnU-Net’s split the first time', () => {
    const folds = placeFolds(ten, new Map(), null);
    expect(splitsWith(folds, null)).toEqual(crossValidationSplits(ten));
  });

  it('never moves a case; a new subject goes where the fewest are, a known one to its other cases', () => {
    const first = placeFolds(ten, new Map(), null);
    const later = placeFolds([...ten, ...cases('a_2', 'x_1', 'x_2')], first, splitsWith(first, null));
    expect([...later.keys()]).toEqual(['a_2', 'x_1', 'x_2']);
    expect(later.get(id('a_2'))).toBe(first.get(id('a')));
    expect(later.get(id('x_1'))).toBe(later.get(id('x_2')));
    const all = new Map([...first, ...later]);
    const again = placeFolds([...ten, ...cases('a_2', 'x_1', 'x_2')], all, splitsWith(all, null));
    expect(again.size).toBe(0);
  });

  it('holds out nothing of a single subject, and something of two', () => {
    expect(foldsOf(placeFolds(cases('a_1', 'a_2'), new Map(), null))).toEqual({ a_1: null, a_2: null });
    expect(Object.values(foldsOf(placeFolds(cases('a', 'b'), new Map(), null))).sort()).toEqual([0, 1]);
  });

  it('lets a file of the user decide, also one with a single fold, and keeps the ids it does not know', () => {
    const file = [{ train: ['a', 'b', 'later'], val: ['c'] }];
    const folds = placeFolds(cases('a', 'b', 'c', 'd'), new Map(), file);
    expect(foldsOf(folds)).toEqual({ a: null, b: null, c: 0, d: null });
    expect(splitsWith(folds, file)).toEqual([{ train: ['a', 'b', 'd', 'later'], val: ['c'] }]);
  });

  it('says why', () => {
    const reasonsOf = (...input: Parameters<typeof placeWithReasons>) =>
      Object.fromEntries([...placeWithReasons(...input)].map(([caseId, { reason }]) => [caseId, reason]));
    expect(reasonsOf(cases('a'), new Map(), null)).toEqual({ a: 'onlySubject' });
    expect(reasonsOf(cases('a', 'b'), new Map(), null)).toEqual({ a: 'firstSplit', b: 'firstSplit' });
    const first = placeFolds(ten, new Map(), null);
    expect(reasonsOf([...ten, ...cases('a_2', 'x_1', 'x_2')], first, null)).toEqual({ a_2: 'sameSubject', x_1: 'fewestSubjects', x_2: 'sameSubject' });
    expect(reasonsOf(cases('a', 'b'), new Map(), [{ train: [], val: ['a'] }])).toEqual({ a: 'splitsFile', b: 'notInSplitsFile' });
  });

  it('refuses a file that contradicts itself or moves a case', () => {
    const message = (file: { train: string[]; val: string[] }[], placed = new Map<CaseId, number | null>()) => {
      try {
        placeFolds(ten, placed, file);
        return 'accepted';
      } catch (thrown) {
        return JSON.stringify((thrown as { error: unknown }).error);
      }
    };
    expect(message([{ train: ['a'], val: ['a'] }])).toContain('fold 0 trains on a and validates on it');
    expect(
      message([
        { train: ['b'], val: ['a'] },
        { train: ['b'], val: ['a'] },
      ]),
    ).toContain('a is held out in fold 0 and in fold 1');
    expect(message([{ train: ['b'], val: ['a'] }], new Map([[id('a'), 3]]))).toContain('cannot move to fold 0');
    expect(message([{ train: ['b'], val: ['a'] }], new Map([[id('a'), 0]]))).toBe('accepted');
  });
});
