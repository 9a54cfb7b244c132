/** A really full disk while saving: a small tmpfs, which only root may mount. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getuid, platform } from 'node:process';
import { afterAll, describe, expect, it } from 'vitest';
import { bulkUrls } from '../../main/contract/api.ts';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { ServiceRig } from './serviceRig.ts';

const mountPoint = mkdtempSync(join(tmpdir(), 'maskloop-disk-'));
const canMount = platform === 'linux' && getuid?.() === 0 && tryMount();
const notice = canMount ? '' : ' (skipped: mounting a small tmpfs needs root)';

function tryMount(): boolean {
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', mountPoint], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // a container without the right to mount
  }
}

function fill(spareBytes: number): void {
  const filler = join(mountPoint, 'filler');
  rmSync(filler, { force: true });
  const { bavail, bsize } = statfsSync(mountPoint);
  writeFileSync(filler, new Uint8Array(Math.max(0, bavail * bsize - spareBytes)));
}

afterAll(() => {
  if (canMount) execFileSync('/bin/umount', ['-l', mountPoint]);
  rmSync(mountPoint, { recursive: true, force: true });
});

describe.skipIf(!canMount)(`a full disk while saving${notice}`, () => {
  it('says so, keeps the earlier revision and the upload, and saves when there is room again', async () => {
    const root = join(mountPoint, 'rig');
    mkdirSync(root);
    const rig = ServiceRig.create(root);
    try {
      await rig.createWithPhantoms(1, 1);
      const caseId = CaseId.parse('phantom_001');
      const before = (await rig.get(bulkUrls.labels(caseId, 1))).bytes;
      // Noise, so that the compressed labelmap needs more room than is left.
      const edited = Buffer.from(before).map((_, index) => (index * 2654435761) >>> 31);
      const uploadId = await rig.upload(edited);
      const labels = join(rig.projectFolder, 'cases', caseId, 'labels');

      fill(0);
      expect(await rig.errorOf('labels.save', { caseId, uploadId, parent: 1 })).toMatchObject({ code: 'disk/full' });
      expect(readdirSync(labels)).toEqual(['r0001.nii.gz']);
      expect((await rig.get(bulkUrls.labels(caseId, 1))).bytes.equals(before)).toBe(true);
      const refused = await rig.post(edited);
      expect([refused.status, JSON.parse(refused.bytes.toString())]).toMatchObject([507, { code: 'disk/full' }]);
      expect(readdirSync(join(rig.projectFolder, 'uploads'))).toEqual([uploadId]);

      rmSync(join(mountPoint, 'filler'));
      expect(await rig.call('labels.save', { caseId, uploadId, parent: 1 })).toMatchObject({ revision: 2 });
      expect((await rig.get(bulkUrls.labels(caseId, 2))).bytes.equals(Buffer.from(edited))).toBe(true);
      expect(readFileSync(join(labels, 'r0001.nii.gz')).length).toBeGreaterThan(0);

      fill(0);
      expect(await rig.errorOf('labels.accept', { caseId, revision: 2 })).toMatchObject({ code: 'disk/full' });
      rmSync(join(mountPoint, 'filler'));
      expect(await rig.call('labels.accept', { caseId, revision: 2 })).toMatchObject({ acceptedRevision: 2 });
    } finally {
      await rig.dispose();
    }
  });
});
