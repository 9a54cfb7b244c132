import { describe, expect, it } from 'vitest';
import { Graph } from './graph.ts';
import { graphOps } from './graphOps.ts';
import { compareWithReference, randomInput, runGraph } from './testing/gradientCheck.ts';
import { referenceOps, referenceTensor } from './testing/referenceOps.ts';

describe.each([
  ['2D', [2, 5, 4, 3]],
  ['3D', [2, 3, 5, 4, 3]],
])('shaping, %s', (_, shape) => {
  it('slice: values and gradient', async () => {
    const begin = shape.map((_n, axis) => (axis === 0 ? 0 : 1));
    const size = shape.map((n, axis) => (axis === 0 ? n : n - 1));
    const { outputError, gradientErrors } = await compareWithReference((ops, [x]) => ops.slice(x!, begin, size), [randomInput(shape, 1)]);
    expect(outputError).toBe(0);
    expect(gradientErrors[0]).toBeLessThan(1e-4);
  });

  it('concatChannels: values and gradient of both parts', async () => {
    const wider = [...shape.slice(0, -1), shape[shape.length - 1]! + 2];
    const { outputError, gradientErrors } = await compareWithReference(
      (ops, [a, b]) => ops.concatChannels(a!, b!),
      [randomInput(shape, 2), randomInput(wider, 3)],
    );
    expect(outputError).toBe(0);
    for (const error of gradientErrors) expect(error).toBeLessThan(1e-4);
  });

  it('upsampleNearest: values and gradient, cut where the size is no multiple', async () => {
    const spatial = shape.slice(1, -1).map((n, axis) => (axis === 0 ? n : 2 * n - (axis % 2)));
    const stride = spatial.map((_n, axis) => (axis === 0 ? 1 : 2));
    const { outputError, gradientErrors } = await compareWithReference((ops, [x]) => ops.upsampleNearest(x!, stride, spatial), [randomInput(shape, 5)]);
    expect(outputError).toBe(0);
    expect(gradientErrors[0]).toBeLessThan(1e-4);
  });

  it('lookUp: a row for each class, the last row for all beyond', async () => {
    const grid = shape.slice(0, -1);
    const labels = Int32Array.from({ length: grid.reduce((a, b) => a * b, 1) }, (_n, i) => (i * 7) % 6);
    const table = [
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ];
    const g = new Graph();
    const placeholder = g.placeholder('labels', grid, 'int32');
    const { result } = await runGraph(g, [{ placeholder, values: labels }], { result: graphOps(g, 'float32').lookUp(placeholder, table) });
    expect([...result]).toEqual([...labels].flatMap((label) => table[Math.min(label, 3)]!));
  });

  it('oneHot and subsample agree with the reference, also for odd sizes', async () => {
    const grid = shape.slice(0, -1);
    const stride = grid.map((_n, axis) => (axis === 0 ? 1 : 2));
    const labels = Int32Array.from({ length: grid.reduce((a, b) => a * b, 1) }, (_n, i) => (i * 7) % 4);
    const g = new Graph();
    const ops = graphOps(g, 'float32');
    const placeholder = g.placeholder('labels', grid, 'int32');
    const { result } = await runGraph(g, [{ placeholder, values: labels }], { result: ops.oneHot(ops.subsample(placeholder, stride), 4) });
    const expected = referenceOps.oneHot(referenceOps.subsample(referenceTensor(grid, labels), stride), 4);
    expect([...result]).toEqual([...expected.values]);
  });
});
