import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { datasetOf } from '../write/datasetOf.ts';
import type { DicomJson } from '../dicomReference.ts';
import { actionFor } from './basicProfile.ts';
import { deidentify, type DeidentifyOptions } from './deidentify.ts';
import { mentions } from './identifyingWords.ts';
import { movedDate } from './replacedValue.ts';

const hashUnder = (key: string) => (text: string) => createHmac('sha256', key).update(text).digest();
const OPTIONS: DeidentifyOptions = { hash: hashUnder('one export'), softwareVersion: '1.2.3' };

const INPUT: DicomJson = {
  ...datasetOf({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.481.3',
    SOPInstanceUID: '1.2.3.77',
    StudyInstanceUID: '1.2.3',
    SeriesInstanceUID: '1.2.4',
    FrameOfReferenceUID: '1.2.840.10008.1.4.1.1',
    PatientName: 'Muster^Erika=山田^花子',
    PatientID: '4711-AB',
    PatientBirthDate: '19600229',
    PatientSex: 'F',
    PatientAge: '066Y',
    StudyDate: '20240301',
    StudyTime: '101112',
    AcquisitionDateTime: '20240301101112.5+0100',
    ContentDate: '20240302',
    SeriesDescription: 'Liver of Erika',
    Manufacturer: 'ACME',
    OperatorsName: 'Grey^M',
    StudyID: '',
    StructureSetLabel: 'Muster liver',
    ReferencedImageSequence: { ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2', ReferencedSOPInstanceUID: '1.2.3.99' },
    ReferencedStudySequence: { ReferencedSOPInstanceUID: '1.2.3' },
    StructureSetROISequence: [
      { ROINumber: 1, ROIName: 'Liver', ReferencedFrameOfReferenceUID: '1.2.5' },
      { ROINumber: 2, ROIName: 'tumour MUSTER', ReferencedFrameOfReferenceUID: '1.2.5' },
    ],
    RTROIObservationsSequence: { ObservationNumber: 1, ROIInterpreter: 'Grey^M', MaterialID: 'as 4711-ab asked' },
  }),
  '00091010': { vr: 'LO', Value: ['Muster'] },
  '00142006': { vr: 'PN', Value: [{ Alphabetic: 'Muster^Erika' }] },
  '60003000': { vr: 'OW', Value: [] },
};

describe('deidentify', () => {
  const { dataset, report } = deidentify(INPUT, OPTIONS);
  const valueOf = (tag: string) => dataset[tag]?.Value;

  it('leaves nothing of the input that says who it was', () => {
    const text = JSON.stringify(dataset);
    for (const word of ['Muster', 'MUSTER', 'Erika', '山田', '4711', '1960', '066Y', '2024', 'Grey', '"1.2.3', '"1.2.4', '"1.2.5', 'Liver of']) {
      expect(text, word).not.toContain(word);
    }
    expect(Object.keys(dataset).filter((tag) => tag === '00091010' || tag === '60003000' || tag === '0008103E')).toEqual([]);
  });

  it('keeps what is no secret, and what a structure set is of no use without', () => {
    expect(valueOf('00080016')).toEqual(['1.2.840.10008.5.1.4.1.1.481.3']);
    expect(valueOf('00200052')).toEqual(['1.2.840.10008.1.4.1.1']);
    expect(valueOf('00080070')).toEqual(['ACME']);
    expect((valueOf('30060020') as DicomJson[]).map((roi) => roi['30060026']!.Value)).toEqual([['Liver'], ['ROI']]);
  });

  it('empties, or fills with dummies, what the type of an attribute may want', () => {
    expect(valueOf('00100030')).toEqual([]);
    expect(valueOf('00100040')).toEqual([]);
    expect(valueOf('00200010')).toEqual([]);
    expect(valueOf('00080020')).toEqual([]);
    expect(valueOf('00080023')).toEqual(['19000101']);
    expect(valueOf('00081070')).toEqual([{ Alphabetic: 'REMOVED^' }]);
    expect(valueOf('30060002')).toEqual(['REMOVED']);
  });

  it('says so in the object', () => {
    expect(valueOf('00120062')).toEqual(['YES']);
    expect(valueOf('00280303')).toEqual(['REMOVED']);
    expect((valueOf('00120064') as DicomJson[]).map((code) => code['00080100']!.Value![0])).toEqual(['113100', '113105']);
  });

  it('says so in the report', () => {
    expect(report.removedPrivateCount).toBe(1);
    expect(report.attributes).toContainEqual({ tag: '00100010', keyword: 'PatientName', deed: 'replaced', count: 1 });
    expect(report.attributes).toContainEqual({ tag: '0008103E', keyword: 'SeriesDescription', deed: 'removed', count: 1 });
    expect(report.attributes).toContainEqual({ tag: '30060026', keyword: 'ROIName', deed: 'cleaned', count: 1 });
    expect(report.attributes).toContainEqual({ tag: '30060026', keyword: 'ROIName', deed: 'kept', count: 1 });
    expect(report.warnings.join()).toMatch(/pixels were not examined/);
  });

  it('is the same under one key, so that the files of an export belong together, and another under another', () => {
    const again = deidentify({ ...INPUT, ...datasetOf({ SOPInstanceUID: '1.2.3.78' }) }, OPTIONS).dataset;
    const other = deidentify(INPUT, { ...OPTIONS, hash: hashUnder('another') }).dataset;
    for (const tag of ['0020000D', '0020000E', '00100020', '00100010']) {
      expect(again[tag]).toEqual(dataset[tag]);
      expect(other[tag]).not.toEqual(dataset[tag]);
    }
    expect(again['00080018']).not.toEqual(dataset['00080018']);
    expect(dataset['00080018']!.Value![0]).toMatch(/^2\.25\.[1-9]\d{20,38}$/);
    expect(deidentify(INPUT, { ...OPTIONS, pseudonym: 'case-7' }).dataset['00100020']!.Value).toEqual(['case-7']);
  });

  it('moves all dates of a patient by the same days when asked, but never the birthday', () => {
    const moved = deidentify(INPUT, { ...OPTIONS, dates: 'moved' });
    const [study, content, acquired] = ['00080020', '00080023', '0008002A'].map((tag) => String(moved.dataset[tag]!.Value![0]));
    const asMs = (date: string) => Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}`);
    expect(asMs(content!) - asMs(study!)).toBe(86_400_000);
    expect(asMs(study!)).toBeLessThan(Date.UTC(2024, 2, 1));
    expect(acquired).toBe(`${study}101112.5+0100`);
    expect(moved.dataset['00100030']!.Value).toEqual([]);
    expect(moved.dataset['00280303']!.Value).toEqual(['MODIFIED']);
    expect(moved.report.options.map(({ value }) => value)).toEqual(['113100', '113105', '113107']);
  });

  it('leaves the input as it is', () => expect(INPUT['00100020']!.Value).toEqual(['4711-AB']));
});

describe('the profile', () => {
  it.each([
    ['00100010', 'Z'],
    ['00080018', 'U'],
    ['00080080', 'X/Z/D'],
    ['00082112', 'X/Z/U*'],
    ['50000010', 'X'],
    ['60024000', 'X'],
    ['00290010', 'X'],
    ['00280010', undefined],
    ['00080016', undefined],
  ])('%s: %s', (tag, action) => expect(actionFor(tag)).toBe(action));
});

it('finds names in texts', () => {
  expect(['seen by Dr. Li', 'LI-7', 'Liver', 'alive'].map((text) => mentions(text, ['Li']))).toEqual([true, true, false, false]);
  expect(mentions('xMUSTERx', ['muster'])).toBe(true);
  expect(mentions('患者山田さん', ['山田'])).toBe(true);
});

it('moves whole dates only', () => {
  expect(movedDate('20240301', 1)).toBe('20240229');
  expect(movedDate('2024.03.01', 60)).toBe('20240101');
  expect(['202403', '20240231', 'yesterday', '20240301-20240302'].map((text) => movedDate(text, 1))).toEqual([undefined, undefined, undefined, undefined]);
});
