/** Real headers, de-identified and written: no byte of what identifies is left, and other programs read the files. */
import { spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { askPython, dicomPythonNotice, hasDicomPython } from '../../../../test/reference/dicomPython.ts';
import { programPath } from '../../../../test/reference/program.ts';
import { hasSharedData, SHARED_DATA, sharedDataNotice } from '../../../../test/reference/sharedData.ts';
import { Segment } from '../../../contract/vocabulary.ts';
import { gridFromAffine } from '../../../imaging/grid.ts';
import { dicomSegOf } from '../../dicomSeg/writeDicomSeg.ts';
import { datasetOf } from '../write/datasetOf.ts';
import { dicomJsonOf } from '../dicomJsonOf.ts';
import type { DicomJson } from '../dicomReference.ts';
import { looksLikeDicom, parseDicom } from '../parseDicom.ts';
import { writeDicom, writeImplicitDicom } from '../write/writeDicom.ts';
import { actionFor } from './basicProfile.ts';
import { deidentify, type DeidentifyOptions } from './deidentify.ts';
import { personText } from './identifyingWords.ts';

const OPTIONS: DeidentifyOptions = { hash: (text) => createHmac('sha256', 'k').update(text).digest(), softwareVersion: '1.2.3' };
const folder = mkdtempSync(join(tmpdir(), 'maskloop-deidentify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const dciodvfy = programPath('dciodvfy');

/** One file of each folder, and all of folders with mixed ones; by their first bytes. */
function dicomFiles(): string[] {
  const found: string[] = [];
  const walk = (path: string) => {
    const entries = readdirSync(path, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(path, entry.name));
    const isSeries = files.length > 40 || /STS_025|prostatex|spine/i.test(path);
    for (const file of isSeries ? files.slice(0, 1) : files) if (looksLikeDicom(readFileSync(file).subarray(0, 132))) found.push(file);
    for (const entry of entries) if (entry.isDirectory()) walk(join(path, entry.name));
  };
  walk(SHARED_DATA);
  return found;
}

function headerOf(path: string): DicomJson | null {
  try {
    const { dataSet } = parseDicom(new Uint8Array(readFileSync(path)), path, (bytes) => inflateRawSync(bytes));
    return dicomJsonOf(dataSet);
  } catch {
    // damaged on purpose
    return null;
  }
}

/** Values by whether the profile has an action for their attribute, or it is private; as text. */
function valuesOf(dataset: DicomJson, identifying: Set<string>, innocent: Set<string>, isInside = false): void {
  for (const [tag, { vr, Value = [] }] of Object.entries(dataset)) {
    const isIdentifying = isInside || (actionFor(tag) !== undefined && actionFor(tag) !== 'X/Z/U*' && tag !== '30060026');
    for (const value of Value) {
      if (vr === 'SQ') valuesOf(value as DicomJson, identifying, innocent, isIdentifying);
      else if (vr === 'PN')
        personText(value)
          .split(/[\^=]/)
          .forEach((part) => identifying.add(part));
      else (isIdentifying ? identifying : innocent).add(String(value));
    }
  }
}

it.skipIf(!dciodvfy)(`a SEG of a patient has no error of dciodvfy${dciodvfy ? '' : ' (skipped: dciodvfy is not installed)'}`, () => {
  const grid = gridFromAffine([4, 4, 2], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]);
  const { dataset, pixels } = dicomSegOf({
    type: 'BINARY',
    grid,
    labels: Uint8Array.from({ length: 32 }, (_, at) => at % 2),
    segments: [Segment.parse({ labelValue: 1, name: 'Liver', colorRgb: [1, 2, 3] })],
    reference: {
      version: 1,
      attributes: datasetOf({
        PatientName: 'Muster^Erika',
        PatientID: '4711-AB',
        StudyInstanceUID: '1.2.3',
        SeriesInstanceUID: '1.2.3.4',
        FrameOfReferenceUID: '1.2.3.5',
        StudyDate: '20240301',
        AccessionNumber: 'A-77',
        Manufacturer: 'ACME',
        InstitutionName: 'St. Elsewhere',
      }),
      images: [0, 1].map((k) => ({ sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: `1.2.3.4.${k}` })),
    },
    subject: 'case',
    provenance: { softwareVersion: '1.2.3', origin: 'manual', models: [], author: 'Grey', savedAtMs: 0, accepted: { author: 'Bailey', atMs: 0 } },
    nowMs: Date.UTC(2026, 10, 5),
    random: randomBytes,
  });
  const clean = deidentify(dataset, OPTIONS);
  const path = join(folder, 'seg.dcm');
  writeFileSync(path, writeDicom(clean.dataset, pixels));
  const bytes = readFileSync(path);
  for (const word of ['Muster', 'Erika', '4711', '1.2.3.4', '20240301', 'A-77', 'Elsewhere', 'Grey', 'Bailey', '20261105'])
    expect(bytes.includes(word), word).toBe(false);
  expect(bytes.includes('Liver')).toBe(true);
  expect(spawnSync(dciodvfy!, ['-new', path], { encoding: 'utf8' }).stderr).not.toMatch(/^Error/m);
});

describe.skipIf(!hasSharedData)(`headers of real files${sharedDataNotice}`, () => {
  const files = hasSharedData ? dicomFiles() : [];

  it('no value of an identifying attribute is left in the bytes', () => {
    let searched = 0;
    let headers = 0;
    for (const path of files) {
      const header = headerOf(path);
      if (!header?.['00080016']?.Value?.[0] || !header['00080018']?.Value?.[0]) continue;
      headers++;
      const [identifying, innocent] = [new Set<string>(), new Set<string>()];
      valuesOf(header, identifying, innocent);
      const bytes = Buffer.from(writeDicom(deidentify(header, OPTIONS).dataset));
      const innocentText = [...innocent, 'REMOVED', '19000101000000'].join('\\');
      for (const value of identifying) {
        // short ones and numbers that are in every long UID, standard UIDs, the dummies, and words like CHEST that an innocent attribute of the file says too
        if (value.length < 4 || /^\d{1,7}$/.test(value) || value.startsWith('1.2.840.10008.') || innocentText.includes(value)) continue;
        searched++;
        expect(bytes.includes(value, 0, 'utf8'), `${path}: ${value}`).toBe(false);
      }
    }
    expect(headers).toBeGreaterThan(100);
    expect(searched).toBeGreaterThan(2000);
  });

  const struct = 'sts_dicom_rtstruct/dicom/STS_025/CT/mask/RS.dcm';
  const written = () => {
    const path = join(folder, 'rs.dcm');
    writeFileSync(path, writeImplicitDicom(deidentify(headerOf(join(SHARED_DATA, struct))!, OPTIONS).dataset));
    return path;
  };

  it.skipIf(!dciodvfy)(`a structure set has no error of dciodvfy that it had not before${dciodvfy ? '' : ' (skipped: dciodvfy is not installed)'}`, () => {
    const errorsOf = (path: string) =>
      spawnSync(dciodvfy!, ['-new', path], { encoding: 'utf8' })
        .stderr.split('\n')
        .filter((line) => line.startsWith('Error'))
        .map((line) => line.replace(/<[\d.]+>/g, ''));
    const before = errorsOf(join(SHARED_DATA, struct));
    expect(errorsOf(written()).filter((line) => !before.includes(line))).toEqual([]);
  });

  it.skipIf(!hasDicomPython)(`pydicom reads it, contours unchanged${dicomPythonNotice}`, () => {
    const same = askPython<boolean[]>(
      `import sys, json, pydicom
a, b = (pydicom.dcmread(f) for f in sys.argv[1:])
c = lambda d: [list(map(float, c.ContourData)) for r in d.ROIContourSequence for c in r.ContourSequence]
print(json.dumps([c(a) == c(b), b.PatientIdentityRemoved == "YES", b.StudyInstanceUID != a.StudyInstanceUID,
 b.StructureSetROISequence[0].ROIName == a.StructureSetROISequence[0].ROIName, str(b.PatientName) == b.PatientID,
 b.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID == b.StructureSetROISequence[0].ReferencedFrameOfReferenceUID]))`,
      join(SHARED_DATA, struct),
      written(),
    );
    expect(same).toEqual([true, true, true, true, true, true]);
  });
});
