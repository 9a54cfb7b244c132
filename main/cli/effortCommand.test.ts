import { describe, expect, it } from 'vitest';
import { CaseEffort } from '../contract/effort.ts';
import { effortCsv } from './effortCommand.ts';

const effort = CaseEffort.parse({
  caseId: 'liver_1',
  revision: 3,
  acceptedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  predictedRevision: 2,
  source: 'model:run-1',
  round: 1,
  activeSeconds: 93.5,
  change: { voxelsChanged: 120, dice: 0.93, assdMm: 0.4, hd95Mm: null },
  problem: null,
});

describe('effortCsv', () => {
  it('has one line for each case and leaves empty what is not known', () => {
    const other = { ...effort, caseId: CaseEffort.shape.caseId.parse('liver_2'), source: null, round: 0, activeSeconds: null, change: null };
    expect(effortCsv([effort, other]).split('\r\n')).toEqual([
      'case,revision,accepted,round,model,active_seconds,voxels_changed,dice,assd_mm,hd95_mm,problem',
      'liver_1,3,2026-01-02T03:04:05.000Z,1,model:run-1,93.5,120,0.93,0.4,,',
      'liver_2,3,2026-01-02T03:04:05.000Z,0,,,,,,,',
      '',
    ]);
  });
});
