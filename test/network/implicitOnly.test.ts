/** dcmtk's storescp, told to take the default transfer syntax alone, as old archives do. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDicomFileHead } from '../../main/dicomNetwork/dicomFile.ts';
import { sendByDimse } from '../../main/dicomNetwork/dimseSending.ts';
import { echo } from '../../main/dicomNetwork/dimseQuery.ts';
import { implicitDataset } from '../../main/dicomNetwork/implicitDataset.ts';
import { filesToSend } from '../../main/dicomNetwork/sending.ts';
import { askPython, dicomPythonNotice, hasDicomPython } from '../reference/dicomPython.ts';
import { programPath } from '../reference/program.ts';
import { hasSharedData, SHARED_DATA, sharedDataNotice } from '../reference/sharedData.ts';
import { freePort } from './orthanc.ts';

const storescp = programPath('storescp');
const notice = storescp ? '' : ' (skipped: Debian package dcmtk is not here)';

describe.skipIf(!storescp || !hasSharedData || !hasDicomPython)(
  `a node that takes implicit little endian alone${notice}${sharedDataNotice}${dicomPythonNotice}`,
  () => {
    it('gets uncompressed images and segmentations with every value, and no compressed ones', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'maskloop-implicit-'));
      const [port, received] = [await freePort(), join(folder, 'received')];
      mkdirSync(received);
      const server = spawn(storescp!, ['+xi', '--bit-preserving', '-od', received, String(port)], { stdio: 'ignore' });
      try {
        const caller = {
          aeTitle: 'MASKLOOP',
          node: { kind: 'dimse', name: 'old', aeTitle: 'OLD', host: '127.0.0.1', port, tls: false, retrieveBy: 'get' } as const,
        };
        await expect.poll(() => echo(caller).catch(() => null), { timeout: 5000 }).not.toBeNull();
        const paths = [
          'dicom_transfer_syntaxes/pydicom/CT_small.dcm',
          'dicom_transfer_syntaxes/pydicom/MR_small_implicit.dcm',
          'dicom_transfer_syntaxes/pydicom/MR_small_RLE.dcm',
          ...(readdirSync(join(SHARED_DATA, 'dicom_seg_interop/dcmqi/segmentations'), { recursive: true }) as string[])
            .filter((name) => name.endsWith('.dcm'))
            .map((name) => join('dicom_seg_interop/dcmqi/segmentations', name)),
        ].map((path) => join(SHARED_DATA, path));
        const files = await filesToSend(paths, () => {});
        const refused: string[] = [];
        const sent: string[] = [];
        await sendByDimse(caller, files, {
          stop: { aborted: false },
          onSent: (path) => sent.push(path),
          onRefused: (path, why) => refused.push(`${path.split('/').at(-1)}: ${why}`),
        });
        expect(refused).toEqual([expect.stringMatching(/^MR_small_RLE.dcm: the node does not take transfer syntax 1.2.840.10008.1.2.5/)]);
        expect(sent.length).toBe(files.length - 1);
        const bySop = new Map(files.filter(({ path }) => sent.includes(path)).map(({ path, head }) => [head.sopInstanceUid, path]));
        const pairs: [string, string][] = [];
        for (const name of readdirSync(received)) {
          const head = (await readDicomFileHead(join(received, name)))!;
          expect(head.transferSyntaxUid).toBe('1.2.840.10008.1.2');
          pairs.push([join(received, name), bySop.get(head.sopInstanceUid)!]);
        }
        expect(pairs.length).toBe(bySop.size);
        const differences = askPython<string[][]>(
          `import sys, json, pydicom
# A private element has no type in implicit little endian: its bytes are compared.
def raw(p):
    d = pydicom.dcmread(p)
    return [(t, d.get_item(t).value or b'') for t in d.keys() if t.is_private and t.element]
def public(d): return [(e.tag, [public(i) for i in e.value] if e.VR == 'SQ' else e.value) for e in d if e.tag.element != 0 and not e.tag.is_private]
def differ(a, b):
    x, y = public(pydicom.dcmread(a)), public(pydicom.dcmread(b))
    return [str(p)[:200] for p in zip(x, y) if p[0] != p[1]] + ([] if len(x) == len(y) else ['length']) + [str(p)[:200] for p in zip(raw(a), raw(b)) if p[0] != p[1]] + ([] if len(raw(a)) == len(raw(b)) else ['private'])
print(json.dumps([differ(a, b) for a, b in json.loads(sys.argv[1])]))`,
          JSON.stringify(pairs),
        );
        expect(differences.flat()).toEqual([]);
      } finally {
        server.kill('SIGKILL');
        rmSync(folder, { recursive: true, force: true });
      }
    }, 30_000);

    it('damaged data sets are noticed, cut off anywhere', async () => {
      const path = join(SHARED_DATA, 'dicom_transfer_syntaxes/pydicom/CT_small.dcm');
      const { datasetOffsetBytes } = (await readDicomFileHead(path))!;
      const dataset = readFileSync(path).subarray(datasetOffsetBytes);
      expect(implicitDataset(dataset)).not.toBeNull();
      let whole = 0;
      for (let length = 1; length < dataset.length; length += 13) if (implicitDataset(dataset.subarray(0, length))) whole++;
      // Only a cut between two elements looks like an end.
      expect(whole).toBeLessThan(dataset.length / 13 / 20);
      expect(implicitDataset(implicitDataset(dataset)!)).toBeNull();
    });
  },
);
