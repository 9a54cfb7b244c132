/** docs/conformance.md, in the manner of a DICOM Conformance Statement (PS3.2), from what the code does with the real images. */
import { TRANSFER_SYNTAXES } from '../../main/formats/dicom/pixels/transferSyntax.ts';
import type { ConformanceSet } from './everyFile.ts';

export interface SeenObject {
  readonly sopClassUid: string;
  readonly sopClassName: string;
  readonly transferSyntaxUid: string;
}

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]) =>
  [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');

const count = (values: readonly string[]) => {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
};

export function conformanceDocument(sets: readonly ConformanceSet[], seen: readonly SeenObject[]): string {
  const syntaxes = count(seen.map(({ transferSyntaxUid }) => transferSyntaxUid));
  const classes = count(seen.map(({ sopClassName, sopClassUid }) => `${sopClassName} | ${sopClassUid}`));
  const rows = sets.flatMap((set) => set.rows);
  const of = (verdict: string) => rows.filter((row) => row.verdict === verdict).length;
  return `# Conformance

What Maskloop reads and writes. **Made by \`test/conformance/conformance.test.ts\`** from the code and from a run over the real images
beside the checkout; do not edit (\`MASKLOOP_UPDATE_DOCS=1 npx vitest run test/conformance\` makes it anew). The test fails when an
image is treated in another way than it says here, and holds the voxels of every volume file against nibabel or SimpleITK; DICOM series are
held against SimpleITK and pydicom by \`test/reference/\`, segmentation objects against highdicom by \`main/formats/dicomSeg/\`.

${rows.length} images and objects: ${of('read')} read, ${of('resampled')} resampled and said so, ${of('refused')} refused with a reason.
How irregular series are treated: \`docs/dicom.md\`; what exported files carry: \`docs/export.md\`; the network: \`docs/network.md\`.

## Transfer syntaxes, reading

"Files" counts the real ones of this run; the others are made by the tests.

${table(
  ['transfer syntax', 'UID', 'files'],
  Object.entries(TRANSFER_SYNTAXES).map(([uid, { name }]) => [name, uid, syntaxes.get(uid) ?? 0]),
)}

Written: Explicit VR Little Endian; RT structure sets in Implicit VR Little Endian, because contours outgrow 64 KB.

## SOP classes of the files of this run

Any object with monochrome pixels that says where each frame lies is read as an image, whatever its class.

${table(
  ['SOP class', 'UID', 'files'],
  [...classes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, files]) => [name, files]),
)}

Written: Segmentation Storage 1.2.840.10008.5.1.4.1.1.66.4 (BINARY), Label Map Segmentation Storage 1.2.840.10008.5.1.4.1.1.66.7, RT
Structure Set Storage 1.2.840.10008.5.1.4.1.1.481.3.

${sets.map(section).join('\n\n')}
`;
}

/** A set of many alike rows says so once. */
function section({ name, rows }: ConformanceSet): string {
  const plain = rows.filter(({ verdict, text }) => verdict === 'read' && !text.replace('; 1 label map', '').includes(';'));
  const shown = plain.length > 20 ? rows.filter((row) => !plain.includes(row)) : rows;
  const left = plain.length > 20 ? `${plain.length} more were read without a remark.\n\n` : '';
  return `## ${name}\n\n${left}${
    shown.length > 0
      ? table(
          ['path', 'files', 'verdict', 'what it became, or why not'],
          shown.map((row) => [row.path || '(the folder)', row.fileCount, row.verdict, row.text]),
        )
      : ''
  }`.trimEnd();
}
