import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askPython, dicomPythonNotice, hasDicomPython } from '../../../../test/reference/dicomPython.ts';
import { datasetOf, decimalString } from './datasetOf.ts';
import { newDicomUid } from './dicomUid.ts';
import { parseDicom } from '../parseDicom.ts';
import { writeDicom } from './writeDicom.ts';

const ATTRIBUTES = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.4',
  SOPInstanceUID: '2.25.1',
  PatientName: 'Yamada^Tarou=山田^太郎=やまだ^たろう',
  PatientID: 'Grüß-Gott',
  PatientBirthDate: '',
  StudyDate: null,
  ImagePositionPatient: [-123.45678901234567, 1 / 3, 1e-7],
  DimensionIndexPointer: 0x00620002,
  DimensionIndexValues: [1, 70_000],
  RecommendedDisplayCIELabValue: [65_535, 0, 1],
  SeriesNumber: 300,
  ImageType: ['DERIVED', 'PRIMARY'],
  ReferencedSeriesSequence: { SeriesInstanceUID: '1.2.3', ReferencedInstanceSequence: [{ ReferencedSOPInstanceUID: '1.2.4' }, {}] },
  TextComments: undefined,
};

describe('writeDicom', () => {
  const bytes = writeDicom(datasetOf(ATTRIBUTES), { vr: 'OB', bytes: Uint8Array.of(1, 2, 3) });

  it('is read back by dicom-parser', () => {
    const { dataSet, transferSyntaxUid } = parseDicom(bytes, 'x.dcm');
    expect(transferSyntaxUid).toBe('1.2.840.10008.1.2.1');
    expect(dataSet.string('x00020003')).toBe('2.25.1');
    expect(dataSet.string('x00080005')).toBe('ISO_IR 192');
    expect(dataSet.elements['x7fe00010']).toMatchObject({ vr: 'OB', length: 4 });
    expect(dataSet.string('x00200032')).toBe('-123.45678901235\\0.33333333333333\\1e-7');
  });

  it.skipIf(!hasDicomPython)(`is what pydicom reads, names in Japanese and German included${dicomPythonNotice}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'maskloop-write-'));
    const path = join(folder, 'x.dcm');
    writeFileSync(path, bytes);
    const read = askPython<Record<string, unknown>>(
      `import sys, json, pydicom
pydicom.config.settings.reading_validation_mode = pydicom.config.RAISE
d = pydicom.dcmread(sys.argv[1])
print(json.dumps({"name": [d.PatientName.alphabetic, d.PatientName.ideographic, d.PatientName.phonetic], "id": d.PatientID,
 "empty": [d["PatientBirthDate"].is_empty, d["StudyDate"].is_empty], "position": [str(x) for x in d.ImagePositionPatient],
 "pointer": int(d.DimensionIndexPointer), "indices": list(d.DimensionIndexValues), "lab": list(d.RecommendedDisplayCIELabValue), "number": int(d.SeriesNumber),
 "type": list(d.ImageType), "nested": [i.get("ReferencedSOPInstanceUID") for i in d.ReferencedSeriesSequence[0].ReferencedInstanceSequence],
 "pixels": list(d.PixelData), "class": d.file_meta.MediaStorageSOPClassUID, "comments": "TextComments" in d}))`,
      path,
    );
    rmSync(folder, { recursive: true });
    expect(read).toEqual({
      name: ['Yamada^Tarou', '山田^太郎', 'やまだ^たろう'],
      id: 'Grüß-Gott',
      empty: [true, true],
      position: ['-123.45678901235', '0.33333333333333', '1e-7'],
      pointer: 0x00620002,
      indices: [1, 70_000],
      lab: [65_535, 0, 1],
      number: 300,
      type: ['DERIVED', 'PRIMARY'],
      nested: ['1.2.4', null],
      pixels: [1, 2, 3, 0],
      class: '1.2.840.10008.5.1.4.1.1.66.4',
      comments: false,
    });
  });

  it('refuses keywords that do not exist, numbers that are none, and data sets without identity', () => {
    expect(() => datasetOf({ PatientNam: 'x' })).toThrow('PatientNam');
    expect(() => datasetOf({ SliceThickness: NaN })).toThrow('SliceThickness');
    expect(() => writeDicom(datasetOf({ SOPClassUID: '1.2' }))).toThrow('(0008,0018)');
  });
});

describe('decimalString', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [0.1 + 0.2, '0.3'],
    [-1 / 3, '-0.3333333333333'],
    [1.2345678901234567e-9, '1.23456789012e-9'],
    [-123456789.123456789, '-123456789.12346'],
    [1e22, '1e+22'],
    [12345678901234567890, '1.2345678901e+19'],
  ])('%s is %s', (value, text) => expect(decimalString(value)).toBe(text));
});

it('newDicomUid is a version 4 UUID as one number', () => {
  const uid = newDicomUid((count) => new Uint8Array(count).fill(0xff));
  expect(uid).toBe(`2.25.${BigInt('0xffffffffffff4fffbfffffffffffffff')}`);
  expect(uid.length).toBeLessThanOrEqual(64);
});
