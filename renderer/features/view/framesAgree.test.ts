import { describe, expect, it } from 'vitest';
import { CaseId } from '../../../main/contract/vocabulary.ts';
import { framesAgree } from './framesAgree.ts';

const caseOf = (caseId: string, frameOfReferenceUid: string | null) => ({ caseId: CaseId.parse(caseId), frameOfReferenceUid });

describe('framesAgree', () => {
  it('holds for one case, and for two of the same frame of reference', () => {
    expect(framesAgree(caseOf('a', null), caseOf('a', null))).toBe(true);
    expect(framesAgree(caseOf('a', '1.2.3'), caseOf('b', '1.2.3'))).toBe(true);
  });
  it('does not take two cases that name none for agreeing', () => {
    expect(framesAgree(caseOf('a', null), caseOf('b', null))).toBe(false);
    expect(framesAgree(caseOf('a', '1.2.3'), caseOf('b', '1.2.4'))).toBe(false);
    expect(framesAgree(caseOf('a', '1.2.3'), caseOf('b', null))).toBe(false);
  });
});
