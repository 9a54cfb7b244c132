import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Evaluation } from '../contract/evaluation.ts';
import type { AppError, Result } from '../contract/errors.ts';
import type { JobNews } from '../contract/jobs.ts';
import { EvaluateSummary, type EvaluateTask } from '../contract/tasks.ts';
import type { Grid } from '../contract/vocabulary.ts';
import { writeGzippedNifti, writeLabelmap } from '../dataset/storedVolume.ts';
import { gridFromAffine } from '../imaging/grid.ts';
import { makePhantom } from '../imaging/phantom.ts';
import { runEvaluate } from './evaluate.ts';

let root = '';
let problems: AppError[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'maskloop-evaluate-'));
  for (const folder of ['truth', 'predictions', 'images']) mkdirSync(join(root, folder));
  problems = [];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const folders = () => ({
  kind: 'folders' as const,
  predictionFolder: join(root, 'predictions'),
  truthFolder: join(root, 'truth'),
  imageFolder: join(root, 'images'),
});
const put = (folder: 'truth' | 'predictions', name: string, grid: Grid, voxels: Uint8Array) =>
  writeLabelmap(join(root, folder, `${name}.nii.gz`), grid, voxels);
function run(input: Partial<EvaluateTask> = {}, stop = { aborted: false }): Promise<Result<Record<string, unknown>>> {
  const tell = (news: JobNews): void => {
    if (news.type === 'problem') problems.push(news.error);
  };
  return runEvaluate({ task: 'evaluate', title: 'Test', outputFolder: join(root, 'out'), cases: folders(), absentScoresOne: false, ...input }, { tell, stop });
}
const readOut = (name: string): string => readFileSync(join(root, 'out', name), 'utf8');
const evaluation = (): Evaluation => Evaluation.parse(JSON.parse(readOut('evaluation.json')));

/** A phantom and its truth moved by some voxels along i, as a prediction. */
async function putPhantom(name: string, seed: number, shift: number): Promise<void> {
  const { grid, image, labels } = makePhantom(seed);
  await writeGzippedNifti(join(root, 'images', `${name}.nii.gz`), grid, image);
  await put('truth', name, grid, labels);
  const moved = new Uint8Array(labels.length);
  moved.set(labels.subarray(0, labels.length - shift), shift);
  await put('predictions', name, grid, moved);
}

const grid = gridFromAffine([4, 4, 2], [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]);
const box = (...filled: number[]) => Uint8Array.from({ length: 32 }, (_, n) => Number(filled.includes(n)));

describe('runEvaluate', () => {
  it('writes figures, nnU-Net s summary, a table and a report with pictures of the worst cases first', async () => {
    writeFileSync(join(root, 'dataset.json'), JSON.stringify({ labels: { background: 0, anterior: 1, posterior: 2 }, channel_names: { 0: 'MR' } }));
    await putPhantom('good', 1, 0);
    await putPhantom('fair', 2, 1);
    await putPhantom('<b>bad<i>&', 3, 4);
    const result = await run();
    expect(result).toMatchObject({ ok: true });
    const summary = EvaluateSummary.parse(result.ok ? result.value : {});
    expect(summary).toMatchObject({ comparedCount: 3, leftOutCount: 0 });
    const { cases, structures, foregroundMean } = evaluation();
    expect(structures.map(({ name }) => name)).toEqual(['anterior', 'posterior']);
    const diceOf = (name: string): number => cases.find((one) => one.name === name)!.metrics[0]!.dice!;
    expect(diceOf('good')).toBe(1);
    expect(diceOf('fair')).toBeGreaterThan(diceOf('<b>bad<i>&'));
    expect(summary.dice).toBe(foregroundMean.dice);
    expect(JSON.parse(readOut('summary.json'))).toMatchObject({
      foreground_mean: { Dice: foregroundMean.dice },
      mean: { 1: { n_ref: expect.any(Number) as number }, 2: {} },
      metric_per_case: [{ prediction_file: expect.stringContaining('bad') as string }, {}, {}],
    });
    expect(readOut('evaluation.csv').trim().split('\r\n')).toHaveLength(1 + 3 * 2);
    const html = readOut('evaluation.html');
    expect(html).not.toContain('<b>bad</b>');
    expect(html.indexOf('&#60;b&#62;bad')).toBeLessThan(html.indexOf('>fair<'));
    expect(html.match(/data:image\/png;base64/g)).toHaveLength(2); // the faultless case needs none
    expect(html).not.toMatch(/<script|https?:\/\/|src="(?!data:)/);
    expect(statSync(join(root, 'out', 'evaluation.html')).size).toBeLessThan(2_000_000);
  });

  it('compares what is labelled when no dataset.json names it, and counts absences', async () => {
    await put('truth', 'a', grid, box(1, 2));
    await put('predictions', 'a', grid, box(1, 2));
    await put('truth', 'b', grid, box());
    await put('predictions', 'b', grid, box());
    await put('truth', 'c', grid, box(5));
    await put('predictions', 'c', grid, box());
    await run();
    const { structures, summary } = evaluation();
    expect(structures.map(({ labelValues }) => labelValues)).toEqual([[1]]);
    expect(summary[0]).toMatchObject({ dice: { mean: 0.5, definedCount: 2 }, presence: { both: 1, neither: 1, truthOnly: 1, predictionOnly: 0 } });
    await run({ absentScoresOne: true });
    expect(evaluation().summary[0]!.dice).toMatchObject({ mean: 2 / 3, definedCount: 3 });
  });

  it('takes regions and the ignore label from dataset.json', async () => {
    writeFileSync(
      join(root, 'truth', 'dataset.json'),
      JSON.stringify({ labels: { background: 0, whole: [1, 2], core: [2], ignore: 3 }, regions_class_order: [1, 2], channel_names: { 0: 'MR' } }),
    );
    const voxels = (text: string) => Uint8Array.from({ length: 32 }, (_, n) => Number(text[n] ?? 0));
    await put('truth', 'a', grid, voxels('11223300'));
    await put('predictions', 'a', grid, voxels('12121100'));
    await run();
    const { structures, cases, ignoreLabel } = evaluation();
    expect([structures.map(({ name, labelValues }) => [name, labelValues]), ignoreLabel]).toEqual([
      [
        ['whole', [1, 2]],
        ['core', [2]],
      ],
      3,
    ]);
    expect(cases[0]!.metrics.map(({ dice }) => dice)).toEqual([1, 0.5]);
  });

  it('compares files whose axes are stored differently but lie on one grid', async () => {
    const turned = gridFromAffine([4, 4, 2], [1, 0, 0, -3, 0, -1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]);
    await put('truth', 'a', grid, box(1));
    await put('predictions', 'a', turned, box(2)); // i runs the other way: 1 ↔ 2
    expect(await run()).toMatchObject({ ok: true });
    expect(problems).toEqual([]);
    expect(evaluation().summary[0]!.dice.mean).toBe(1);
  });

  it('leaves out files on different grids and without a partner, and says so', async () => {
    const elsewhere = gridFromAffine([4, 4, 2], [-1, 0, 0, 0, 0, -1, 0, 3, 0, 0, 2, 0, 0, 0, 0, 1]);
    await put('truth', 'good', grid, box(1));
    await put('predictions', 'good', grid, box(1));
    await put('truth', 'moved', grid, box(1));
    await put('predictions', 'moved', elsewhere, box(1));
    await put('truth', 'alone', grid, box(1));
    await put('predictions', 'new', grid, box(1));
    writeFileSync(join(root, 'truth', 'broken.nii.gz'), 'no gzip');
    await put('predictions', 'broken', grid, box(1));
    expect(await run()).toMatchObject({ ok: true, value: { comparedCount: 1, leftOutCount: 4 } });
    expect(problems.map(({ code }) => code).sort()).toEqual(['evaluate/grids-differ', 'evaluate/no-prediction', 'evaluate/no-truth', 'import/unreadable']);
    expect(evaluation().leftOut.find(({ name }) => name === 'moved')?.reason).toContain('3.00 mm apart');
    expect(readOut('evaluation.html')).toContain('different grids');
  });

  it('fails when nothing can be compared', async () => {
    expect(await run()).toMatchObject({ ok: false, error: { code: 'evaluate/nothing-to-compare' } });
    await put('truth', 'a', grid, box(1));
    await put('predictions', 'a', gridFromAffine([2, 4, 4], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]), box(1));
    expect(await run()).toMatchObject({ ok: false, error: { code: 'evaluate/grids-differ' } });
  });

  it('writes nothing when told to stop', async () => {
    await put('truth', 'a', grid, box(1));
    await put('predictions', 'a', grid, box(1));
    expect(await run({}, { aborted: true })).toMatchObject({ ok: true });
    expect(() => readOut('evaluation.json')).toThrow();
  });
});
