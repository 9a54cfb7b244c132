import { describe, expect, it } from 'vitest';
import { describeError } from './describeError.ts';
import { AppError } from './errors.ts';
import { CaseId, RunId } from './vocabulary.ts';

const path = '/data/study/a.nii.gz';
const ids = [CaseId.parse('a'), CaseId.parse('b')];
const detail = 'first line.\n    at stack (file.ts:1)';

/** One example for every code; `AppError.parse` keeps the examples honest. */
const examples: AppError[] = [
  { code: 'contract/bad-input', issues: ['fold: too big'] },
  { code: 'project/none-open' },
  { code: 'project/not-a-project', path },
  { code: 'project/already-exists', path },
  { code: 'project/newer-version', path, version: 9, supported: 1 },
  { code: 'project/not-migrated', path, version: 4, detail },
  { code: 'project/folder-missing', path },
  { code: 'project/in-use', path, holder: null },
  { code: 'project/held-elsewhere', path, holder: { userName: 'ada', hostName: 'reading-room-2', processId: 4, sinceMs: 0 } },
  { code: 'project/passphrase-needed', path },
  { code: 'project/wrong-passphrase', path },
  { code: 'project/read-only', path, reason: 'notWritable', holder: null },
  { code: 'import/nothing-found', paths: [path] },
  { code: 'import/unreadable', path, detail },
  { code: 'import/truncated', path, expectedBytes: 10, actualBytes: 4 },
  { code: 'import/unsupported', path, detail },
  { code: 'import/bad-geometry', path, detail },
  { code: 'import/resampled', path, detail },
  { code: 'import/assumed', path, detail },
  { code: 'import/values', path, detail },
  { code: 'import/orientation-assumed', path, detail },
  { code: 'import/label-shape', path, imageDims: [4, 5, 6], labelDims: [4, 5, 7] },
  { code: 'import/label-without-image', path },
  { code: 'import/label-values', path, detail },
  { code: 'import/already-imported', path, caseId: 'case1' },
  { code: 'import/doubtful', path, detail },
  { code: 'import/archive-refused', path, detail },
  { code: 'import/files-missing', path, count: 2, first: '/data/study/IM1' },
  { code: 'import/duplicate-uid', path, firstPath: '/data/study/IM1', count: 3 },
  { code: 'import/series-grown', path, caseId: 'case1', newCount: 1 },
  { code: 'import/segmentation-unmatched', path, detail },
  { code: 'import/segments-overlap', path, detail },
  { code: 'import/segmentation-left-out', path, detail },
  { code: 'import/labels-resampled', path, detail },
  { code: 'import/legend-conflict', path, detail },
  { code: 'labels/wrong-byte-count', caseId: 'case1', expectedBytes: 10, actualBytes: 4 },
  { code: 'labels/stale-parent', caseId: 'case1', parentRevision: 1, latestRevision: 2 },
  { code: 'labels/unknown-label', caseId: 'case1', labelValue: 7 },
  { code: 'labels/upload-missing', uploadId: 'u1' },
  { code: 'labels/mask-name-taken', caseId: 'case1', name: 'Reader B' },
  { code: 'labels/mask-in-training', caseId: 'case1', name: 'Main' },
  { code: 'export/no-such-mask', name: 'organs', known: ['Main', 'tumour'] },
  { code: 'not-found', what: 'run', id: 'r1' },
  { code: 'train/no-cases', labelledCaseCount: 1 },
  { code: 'train/no-foreground' },
  { code: 'train/nothing-to-replay' },
  { code: 'train/configuration-not-planned', configuration: '3d_lowres', planned: ['2d', '3d_fullres'] },
  { code: 'train/previous-stage-missing', folds: [1, 3], caseIds: ids },
  { code: 'train/incompatible-parent', runId: 'r1', detail },
  { code: 'predict/legend-changed', runId: 'r1', names: ['lesion'] },
  { code: 'train/cannot-repeat', runId: 'r1', differences: ['case_1: mask is missing'] },
  { code: 'train/diverged', step: 12 },
  { code: 'train/out-of-memory', detail, offers: [{ choices: { accumulation: 2 }, neededBytes: 3e9 }] },
  {
    code: 'train/memory-short',
    neededBytes: 9.1e9,
    availableBytes: 5.8e9,
    offers: [
      { choices: { accumulation: 3 }, neededBytes: 4.9e9 },
      { choices: { batchSize: 3 }, neededBytes: 4.8e9 },
    ],
  },
  {
    code: 'predict/memory-short',
    path,
    neededBytes: 9.1e9,
    availableBytes: 5.8e9,
    offers: [{ choices: { windowsPerCall: 1, modelCount: 1 }, neededBytes: 1.2e9 }],
  },
  { code: 'predict/out-of-memory', detail, offers: [{ choices: { modelCount: 1 } }] },
  { code: 'predict/no-model' },
  { code: 'predict/unknown-segment', runId: RunId.parse('run-1'), labelValue: 3 },
  { code: 'predict/no-previous-stage', runId: 'r1' },
  { code: 'predict/incompatible-models', detail },
  { code: 'predict/wrong-channels', path, expected: 2, actual: 1 },
  { code: 'evaluate/grids-differ', path, truthPath: path, detail },
  { code: 'evaluate/no-prediction', truthPath: path },
  { code: 'evaluate/no-truth', path },
  { code: 'evaluate/nothing-to-compare', path, truthPath: path },
  { code: 'evaluate/no-validation-cases', runId: 'r1' },
  { code: 'model/unusable', path, detail },
  { code: 'export/nothing-to-export' },
  { code: 'export/unsupported', caseId: 'case1', detail },
  { code: 'export/nothing-painted', caseId: 'case1' },
  { code: 'export/uncoded-segments', names: ['liver'], suggestions: ['liver: Liver (SCT 10200004)'] },
  { code: 'export/no-dicom-source', caseId: 'case1', detail: 'it was imported from NIfTI' },
  { code: 'export/name-taken', path: '/out/a.dcm', newPath: '/out/a-2.dcm' },
  { code: 'export/model-changed', caseId: 'case1', runId: 'run1' },
  { code: 'disk/busy', path },
  { code: 'disk/full', path },
  { code: 'disk/denied', path, detail },
  { code: 'disk/corrupt', path, detail },
  { code: 'runtime/missing', detail },
  { code: 'runtime/broken', detail },
  { code: 'runtime/download-failed', file: 'tensorflow==2.21.0', detail },
  { code: 'job/busy', jobId: 'j1' },
  { code: 'job/process-died', exitCode: null, signal: 'SIGKILL' },
  { code: 'labels/shape', caseId: 'case1', imageDims: [4, 5, 6], labelDims: [4, 5, 7] },
  { code: 'network/off' },
  { code: 'network/unknown-node', node: 'pacs' },
  { code: 'network/unreachable', node: 'pacs', address: 'pacs.lan:104', reason: 'refused', detail: 'ECONNREFUSED' },
  {
    code: 'network/rejected',
    node: 'pacs',
    reason: 'called-ae-title',
    callingAeTitle: 'MASKLOOP',
    calledAeTitle: 'PACS1',
    detail: 'result 1, source 1, reason 7',
  },
  { code: 'network/tls', node: 'pacs', detail: 'self-signed certificate' },
  { code: 'network/unauthorized', node: 'archive', status: 401 },
  { code: 'network/failed', node: 'pacs', operation: 'retrieve', status: '0xA801', detail: '' },
  { code: 'network/bad-answer', node: 'archive', detail: 'no JSON' },
  { code: 'network/incomplete', node: 'pacs', studyUid: '1.2.840.113619.2.30.1', seriesUid: '1.2.840.113619.2.30.1.1', expected: 4, received: 3 },
  { code: 'network/nothing-to-retrieve', node: 'pacs', studyUid: '1.2.840.113619.2.30.1' },
  { code: 'network/not-sent', node: 'pacs', path: '/masks/seg.dcm', detail: 'status 0xA700' },
  { code: 'network/not-kept', sopInstanceUid: '1.2.840.113619.2.30.1.2', callingAeTitle: 'PACS1', detail: 'the disk is full' },
  { code: 'network/port-in-use', port: 104 },
  { code: 'cluster/encrypted-project', cluster: 'slurm' },
  { code: 'cluster/not-here', cluster: 'slurm' },
  { code: 'cluster/unreachable', cluster: 'ray://head', detail: 'ECONNREFUSED' },
  { code: 'cluster/refused', cluster: 'slurm:none', detail: 'invalid partition specified: none' },
  { code: 'cluster/cancelled-there', cluster: 'slurm' },
  { code: 'cluster/node-unusable', cluster: 'slurm', detail: 'node07: Maskloop is not built in /opt/maskloop; set MASKLOOP_HOME on the node to where it is' },
  { code: 'cluster/node-lost', cluster: 'slurm', node: 'node07', detail: 'Slurm says NODE_FAIL, NodeDown' },
  { code: 'access/denied', action: 'export.start', role: 'reader', leastRole: 'admin' },
  { code: 'internal', detail },
].map((example) => AppError.parse(example));

describe('describeError', () => {
  it('has an example here for every code of the contract', () => {
    const known = AppError.options.map((option) => option.shape.code.value).sort();
    expect(examples.map((example) => example.code).sort()).toEqual(known);
  });

  it.each(examples.map((example) => [example.code, example] as const))('%s becomes a whole sentence', (_code, example) => {
    const text = describeError(example);
    expect(text).toMatch(/^[A-Z/].*(\.|npm run setup)$/s);
    expect(text).not.toMatch(/undefined|null|NaN|\[object|\n/);
    expect(text).not.toContain(example.code);
  });

  it('says which file, and keeps stack traces away from people', () => {
    const text = describeError({ code: 'import/unreadable', path, detail });
    expect(text).toContain(path);
    expect(text).toContain('(first line)');
    expect(text).not.toContain('stack');
  });

  it('names the command that mends a missing runtime', () => {
    expect(describeError({ code: 'runtime/missing', detail: 'libtensorflow_cc.so.2' })).toContain('npm run setup');
  });

  it('tells a death by memory from a crash', () => {
    expect(describeError({ code: 'job/process-died', exitCode: null, signal: 'SIGKILL' })).toContain('memory');
    expect(describeError({ code: 'job/process-died', exitCode: 139, signal: null })).toContain('exit code 139');
  });
});
