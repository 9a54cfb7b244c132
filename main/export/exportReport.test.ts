import { describe, expect, it } from 'vitest';
import { ExportedFile, ExportReport, mergedReport, withoutPeople } from './exportReport.ts';

const file = (name: string, sha256 = 'aa'): ExportedFile =>
  ExportedFile.parse({
    name,
    sha256,
    format: 'dicom-seg',
    caseId: 'a',
    revision: 1,
    labelSha256: 'bb',
    segments: [
      { labelValue: 1, name: 'liver', colorRgb: [1, 2, 3] },
      { labelValue: 2, name: 'tumour MUSTER', colorRgb: [1, 2, 3] },
    ],
    deidentification: null,
    exportedAt: '2026-11-29T12:00:00.000Z',
    provenance: { softwareVersion: '1', origin: 'manual', models: [], author: 'Dr. Who', savedAtMs: 7, accepted: { author: 'Dr. Who', atMs: 8 } },
    warnings: [],
  });

describe('the report of an export', () => {
  it('describes the files that lie in the folder, the newest of each name', () => {
    const before = mergedReport(null, { files: [file('b.dcm'), file('a.dcm')], auditHead: null, notWritten: [] });
    const after = mergedReport(before, { files: [file('b.dcm', 'cc'), file('c.dcm')], auditHead: null, notWritten: [] });
    expect(after.files.map(({ name, sha256 }) => [name, sha256])).toEqual([
      ['a.dcm', 'aa'],
      ['b.dcm', 'cc'],
      ['c.dcm', 'aa'],
    ]);
    expect(ExportReport.parse(JSON.parse(JSON.stringify(after)))).toEqual(after);
  });

  it('names neither people nor times of a de-identified file', () => {
    const anonymous = withoutPeople({ ...file('a.dcm'), warnings: ['No code says what tumour MUSTER is.'] }, ['Muster']);
    expect(JSON.stringify(anonymous)).not.toMatch(/Who|savedAt|2026|muster/i);
    expect(anonymous.segments.map(({ name }) => name)).toEqual(['liver', 'REMOVED']);
    expect(ExportedFile.parse(anonymous)).toEqual(anonymous);
    expect(anonymous.provenance.models).toEqual([]);
  });
});
