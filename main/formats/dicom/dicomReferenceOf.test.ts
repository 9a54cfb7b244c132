import { describe, expect, it } from 'vitest';
import { decodeText } from './characterSet.ts';
import { datasetOf } from './write/datasetOf.ts';
import { dicomReferenceOf } from './dicomReferenceOf.ts';
import { parseDicom } from './parseDicom.ts';
import { patientAndStudy } from './write/patientAndStudy.ts';
import { writeDicom } from './write/writeDicom.ts';
import { DicomReference } from './dicomReference.ts';

const bytesOf = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** Examples of PS3.5 annexes H, I and J, and of what scanners write. */
describe('decodeText', () => {
  it.each([
    ['Latin-1', ['ISO_IR 100'], 'Buc^J\xe9r\xf4me', 'Buc^Jérôme'],
    ['Cyrillic', ['ISO_IR 144'], '\xbb\xee\xda\x63\xd5\xdc', 'Люкcем'],
    [
      'Japanese with escapes (H.3.1)',
      ['', 'ISO 2022 IR 87'],
      'Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B',
      'Yamada^Tarou=山田^太郎=やまだ^たろう',
    ],
    [
      'Japanese with half-width katakana (H.3.2)',
      ['ISO 2022 IR 13', 'ISO 2022 IR 87'],
      '\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=',
      'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=',
    ],
    [
      'Korean (I.2)',
      ['', 'ISO 2022 IR 149'],
      'Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf',
      'Hong^Gildong=洪^吉洞=홍^길동',
    ],
    ['UTF-8', ['ISO_IR 192'], 'Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1', 'Wang^XiaoDong=王^小東'],
    ['Chinese GB18030', ['GB18030'], 'Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab', 'Wang^XiaoDong=王^小东'],
    ['nothing said', [], 'M\xfcller', 'Müller'],
    ['unheard of', ['ISO_IR 999'], 'M\xfcller', 'Müller'],
    ['a stray escape', ['', 'ISO 2022 IR 87'], 'a\x1bz', 'a\x1bz'],
  ])('%s', (_name, characterSet, encoded, text) => expect(decodeText(bytesOf(encoded), characterSet)).toBe(text));
});

const IMAGE = datasetOf({
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  SOPInstanceUID: '1.2.3.1',
  PatientName: 'Müller^Jürgen',
  PatientID: 'P1',
  PatientBirthDate: '',
  StudyInstanceUID: '1.2.3',
  SeriesInstanceUID: '1.2.3.4',
  FrameOfReferenceUID: '1.2.3.5',
  PatientWeight: 70.5,
  Rows: 512,
  ProcedureCodeSequence: { CodeValue: '1', CodingSchemeDesignator: 'LOCAL', CodeMeaning: 'Schädel-CT' },
});

describe('dicomReferenceOf', () => {
  const { dataSet } = parseDicom(writeDicom(IMAGE), 'x.dcm');
  const reference = dicomReferenceOf(dataSet, ['1.2.3.1', '1.2.3.2#7']);

  it('keeps patient and study in readable text, and nothing of the pixels', () => {
    expect(DicomReference.parse(JSON.parse(JSON.stringify(reference)))).toEqual(reference);
    expect(reference.attributes['00100010']).toEqual({ vr: 'PN', Value: [{ Alphabetic: 'Müller^Jürgen' }] });
    expect(reference.attributes['00100030']).toEqual({ vr: 'DA', Value: [] });
    expect(reference.attributes['00101030']).toEqual({ vr: 'DS', Value: ['70.5'] });
    expect(reference.attributes['00081032']!.Value).toMatchObject([{ '00080104': { Value: ['Schädel-CT'] } }]);
    expect(reference.attributes).not.toHaveProperty('00280010');
  });

  it('knows the image of every slice', () =>
    expect(reference.images).toEqual([
      { sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: '1.2.3.1' },
      { sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: '1.2.3.2', frameNumber: 7 },
    ]));

  it('survives being written into a derived object', () => {
    const derived = { ...patientAndStudy(reference, 'ignored', () => new Uint8Array(16)), ...datasetOf({ SOPClassUID: '1.2', SOPInstanceUID: '1.3' }) };
    const again = dicomReferenceOf(parseDicom(writeDicom(derived), 'y.dcm').dataSet, []);
    for (const tag of ['00100010', '00100020', '0020000D', '00200052', '00081032', '00101030'])
      expect(again.attributes[tag]).toEqual(reference.attributes[tag]);
    expect(again.attributes).not.toHaveProperty('0020000E');
  });
});

it('without images there is a fresh study for the subject', () => {
  const attributes = patientAndStudy(undefined, 'case-7', (count) => new Uint8Array(count));
  expect(attributes['00100020']!.Value).toEqual(['case-7']);
  expect(attributes['0020000D']!.Value![0]).toMatch(/^2\.25\./);
  expect(attributes['00080050']).toEqual({ vr: 'SH', Value: [] });
});
