import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeTinyRun } from '../../test/phantoms/tinyModel.ts';
import { hashOfDeletedWeights, runDeleteModel } from './deleteModel.ts';
import { ProvenanceReader } from './exportProvenance.ts';
import { hashOfWeights } from './hashOfWeights.ts';
import { CaseId, RunId } from '../contract/vocabulary.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'maskloop-delete-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('removes weights and predictions; masks that the model drew still name it by the same hash, also after a second call', async () => {
  await writeTinyRun(folder);
  writeFileSync(join(folder, 'run.json'), '{}');
  mkdirSync(join(folder, 'validation'));
  writeFileSync(join(folder, 'validation', 'a.nii.gz'), 'voxels');
  writeFileSync(join(folder, 'validation', 'summary.json'), '{}');
  mkdirSync(join(folder, 'gate', 'predictions'), { recursive: true });
  writeFileSync(join(folder, 'gate', 'predictions', 'a.nii.gz'), 'voxels');
  const hash = await hashOfWeights(folder);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(await hashOfDeletedWeights(folder)).toBeNull();

  const deleted = await runDeleteModel({ task: 'deleteModel', runFolder: folder });
  if (!deleted.ok) throw new Error(JSON.stringify(deleted.error));
  expect(deleted.value['freedBytes']).toBeGreaterThan(1000);
  expect(readdirSync(folder).sort()).toEqual(['dataset_fingerprint.json', 'deleted.json', 'plans.json', 'run.json', 'validation']);
  expect(readdirSync(join(folder, 'validation'))).toEqual(['summary.json']);
  expect(existsSync(join(folder, 'gate'))).toBe(false);
  expect(await runDeleteModel({ task: 'deleteModel', runFolder: folder })).toEqual({ ok: true, value: { freedBytes: 0 } });
  expect(await hashOfDeletedWeights(folder)).toBe(hash);

  const runId = RunId.parse('r1');
  const reader = new ProvenanceReader({ softwareVersion: '1', models: [{ runId, runFolder: folder, algorithmName: 'nnU-Net 2d', trainedUntilMs: 1 }] });
  const facts = { origin: 'model' as const, runIds: [runId], predictedAtMs: 2, author: 'model', savedAtMs: 2, accepted: null };
  const { provenance, warnings } = await reader.of({ caseId: CaseId.parse('a'), provenance: facts });
  expect(provenance.models).toMatchObject([{ runId, weightsSha256: hash }]);
  expect(warnings).toEqual([]);
});
