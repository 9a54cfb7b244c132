import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppError } from '../contract/errors.ts';
import { AppException } from '../contract/errors.ts';
import { RunId } from '../contract/vocabulary.ts';
import { tinyCheckpoint, tinyPlan, tinyWeights } from '../../test/phantoms/tinyModel.ts';
import { writeArrayFile } from './arrayFile.ts';
import { readModelBundle, writeModelBundle, type ModelBundle } from './modelBundle.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'maskloop-bundle-'));
  path = join(folder, 'model.maskloop');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bundle: ModelBundle = {
  checkpoint: tinyCheckpoint,
  record: {
    version: 1,
    runId: RunId.parse('20261124-160501-2d-f0'),
    author: 'somebody',
    createdAt: '2026-11-24T16:05:01.000Z',
    options: { configuration: '2d' },
    legend: [{ labelValue: 1, name: 'body', colorRgb: [255, 0, 0] }],
    trainingDataSha256: 'a'.repeat(64),
    cases: [{ caseId: 'case_1', sha256: 'b' }],
  },
  plan: tinyPlan,
  fingerprint: { version: 1, shapes: [[1, 2, 3]] },
  postprocessing: { version: 1, steps: [{ keepLargestOf: [1] }] },
  measures: { epoch: 1, step: 10, elapsedSeconds: 1, validationDice: 0.5, validationDicePerLabel: { body: 0.5 } },
  weights: tinyWeights(),
};

async function errorOf(read: Promise<unknown>): Promise<AppError> {
  const thrown = await read.then(
    () => expect.fail('it was read'),
    (error: unknown) => error,
  );
  if (!(thrown instanceof AppException)) throw thrown;
  return thrown.error;
}
const detailOf = async (changed: Partial<ModelBundle>): Promise<string> => {
  await writeModelBundle(path, { ...bundle, ...changed });
  const error = await errorOf(readModelBundle(path));
  return error.code === 'model/unusable' ? error.detail : `${error.code}`;
};
const planWith = (changes: Partial<(typeof tinyPlan)['configurations'][number]>) => ({
  ...tinyPlan,
  configurations: [{ ...tinyPlan.configurations[0]!, ...changes }],
});

describe('model bundle', () => {
  it('comes back as it was, with what it does not know of its record', async () => {
    await writeModelBundle(path, bundle);
    expect(await readModelBundle(path)).toEqual(bundle);
  });

  it('refuses weights that are not those of its plan', async () => {
    const [first, ...rest] = bundle.weights;
    expect(await detailOf({ weights: rest })).toBe(`'${first!.name}' is missing`);
    expect(await detailOf({ weights: [...bundle.weights, { ...first!, name: 'encoder.9.0.conv.weight' }] })).toContain(
      "no further array 'encoder.9.0.conv.weight'",
    );
    expect(await detailOf({ weights: [...bundle.weights, first!] })).toContain('no further array');
    expect(await detailOf({ weights: [{ ...first!, shape: [first!.values.length] }, ...rest] })).toContain('has shape');
    expect(await detailOf({ weights: [{ ...first!, values: first!.values.map(() => NaN) }, ...rest] })).toContain('not finite');
  });

  it('refuses plans that could not have been planned', async () => {
    expect(await detailOf({ plan: planWith({ patch: [1e6, 1e6] }) })).toContain('too large');
    expect(await detailOf({ plan: planWith({ decoderConvs: 1e9 }) })).toContain('too many');
    expect(await detailOf({ plan: planWith({ patch: [8, 8, 8] }) })).toBe('its plan mixes 2D and 3D');
    expect(await detailOf({ checkpoint: { ...tinyCheckpoint, configuration: '3d_fullres' } })).toContain("no configuration '3d_fullres'");
    expect(await detailOf({ plan: { ...tinyPlan, classes: [{ labelValue: 9, name: 'x' }] } })).toBe('its legend lacks the label 9');
  });

  it('refuses a file in which one weight was changed', async () => {
    await writeModelBundle(path, bundle);
    const bytes = readFileSync(path);
    bytes[bytes.length - 12]! ^= 1;
    writeFileSync(path, bytes);
    expect(await errorOf(readModelBundle(path))).toMatchObject({ code: 'model/unusable', detail: 'the weights are not those that were exported' });
  });

  it.each<[string, (bytes: Buffer) => Uint8Array]>([
    ['empty', () => new Uint8Array(0)],
    ['of another kind', () => Buffer.from('PK\x03\x04 something else entirely')],
    ['cut', (bytes) => bytes.subarray(0, bytes.length - 100)],
    ['cut in its header', (bytes) => bytes.subarray(0, 40)],
    ['with a header longer than itself', (bytes) => (bytes.writeUInt32LE(0xffffffff, 8), bytes)],
    ['with a header that is no JSON', (bytes) => (bytes.fill(0, 12, 40), bytes)],
  ])('says that a file is damaged which is %s', async (_, damage) => {
    await writeModelBundle(path, bundle);
    writeFileSync(path, damage(readFileSync(path)));
    expect((await errorOf(readModelBundle(path))).code).toBe('disk/corrupt');
  });

  it.each<[string, object]>([
    ['a checkpoint of ours', tinyCheckpoint],
    ['a bundle of a newer program', { kind: 'maskloop model', version: 2 }],
    ['a run id that is a path', { ...aboutOf(bundle), record: { ...bundle.record, runId: '../../etc' } }],
    ['a legend without labels', { ...aboutOf(bundle), record: { ...bundle.record, legend: [] } }],
  ])('refuses %s', async (_, about) => {
    await writeArrayFile(path, about, bundle.weights);
    expect((await errorOf(readModelBundle(path))).code).toBe('disk/corrupt');
  });

  it('refuses an array whose count is not that of its shape, before it makes one', async () => {
    await writeArrayFile(path, aboutOf(bundle), [{ name: 'head.0.bias', shape: [1e9, 1e9], values: new Float32Array(2) }]);
    expect((await errorOf(readModelBundle(path))).code).toBe('disk/corrupt');
  });
});

function aboutOf({ weights: _, ...facts }: ModelBundle): object {
  return { kind: 'maskloop model', version: 1, weightsSha256: '', ...facts };
}
