/** The table of contents of a medium (DICOMDIR, PS3.3 annex F, PS3.10 section 8.6): which files it names. */
import { AppException } from '../../contract/errors.ts';
import { parseDicom, type Inflate } from './parseDicom.ts';

/** Eight levels of eight characters are allowed; media with more are read too, but not without end. */
const MOST_PARTS = 16;

/**
 * The parts of each file's path below the folder of the DICOMDIR, as they stand there: media are often copied in lower
 * case. Every record counts, whether or not the offsets lead to it. Throws `import/unreadable` when it is no DICOMDIR.
 */
export function readDicomDirectory(bytes: Uint8Array, path: string, inflate?: Inflate): string[][] {
  const { dataSet } = parseDicom(bytes, path, inflate);
  const records = dataSet.elements['x00041220'];
  if (!records) throw new AppException({ code: 'import/unreadable', path, detail: 'a DICOMDIR without records' });
  return (records.items ?? []).flatMap(({ dataSet: record }) => {
    const text = record?.string('x00041500');
    if (!text) return [];
    const parts = text.split('\\').map((part) => part.trim());
    const isInside = parts.length <= MOST_PARTS && parts.every((part) => part !== '' && part !== '.' && part !== '..' && !/[/:]/.test(part));
    if (!isInside) throw new AppException({ code: 'import/unreadable', path, detail: `the DICOMDIR names a file outside its folder: ${text}` });
    return [parts];
  });
}
