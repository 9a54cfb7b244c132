/** A segmentation that comes after its image: a revision more, and what was accepted stays accepted. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { niftiChunks } from '../../main/formats/nifti/writeNifti.ts';
import { makePhantom } from '../../main/imaging/phantom.ts';
import { ServiceRig } from './serviceRig.ts';

let rig: ServiceRig;
beforeEach(() => {
  rig = ServiceRig.create();
});
afterEach(() => rig.dispose());

const id = CaseId.parse('a');

it('keeps every label map that was imported for a case, in the order of its coming', async () => {
  await rig.call('project.create', { folder: rig.projectFolder });
  const study = join(rig.root, 'study');
  const { grid, image, labels } = makePhantom(3);
  const put = (folder: string, voxels: Uint8Array | Int16Array) => {
    mkdirSync(join(study, folder), { recursive: true });
    writeFileSync(join(study, folder, 'a.nii.gz'), gzipSync(Buffer.concat(niftiChunks(grid, voxels))));
  };
  const importStudy = async () => rig.jobEnd((await rig.call('dataset.import', { paths: [study] })).jobId);
  const revisions = async () =>
    (await rig.call('dataset.openCase', { caseId: id })).revisions.map(({ revision, parent, source, author, accepted }) => [
      revision,
      parent,
      source,
      author,
      accepted,
    ]);
  put('images', image);
  expect(await importStudy()).toMatchObject({ state: 'succeeded', summary: { importedCount: 1, attachedCount: 0 } });
  expect(await revisions()).toEqual([]);
  put('labels', labels);
  expect(await importStudy()).toMatchObject({ state: 'succeeded', summary: { importedCount: 0, attachedCount: 1 } });
  expect(await revisions()).toEqual([[1, null, 'manual', 'import', true]]);
  expect((await rig.call('project.current', {})).project?.legend.map(({ labelValue }) => labelValue)).toEqual([1, 2]);
  expect(await importStudy()).toMatchObject({ summary: { attachedCount: 0, alreadyImportedCount: 1 } });
  put(
    'labels',
    labels.map((value) => (value === 2 ? 1 : value)),
  );
  expect(await importStudy()).toMatchObject({ summary: { attachedCount: 1 } });
  expect(await revisions()).toEqual([
    [1, null, 'manual', 'import', true],
    [2, 1, 'manual', 'import', false],
  ]);
  // what the folder of the case remembers is lost: nothing comes twice all the same
  rmSync(join(rig.projectFolder, 'scanned-files.json.gz'));
  cpSync(study, join(rig.root, 'copy'), { recursive: true });
  expect(await rig.jobEnd((await rig.call('dataset.import', { paths: [join(rig.root, 'copy')] })).jobId)).toMatchObject({ summary: { attachedCount: 0 } });
  expect(await revisions()).toHaveLength(2);
});
