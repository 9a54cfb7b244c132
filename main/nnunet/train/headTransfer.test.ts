import { expect, it } from 'vitest';
import { sharedOutputs, withSharedHead } from './headTransfer.ts';

const labels = (...values: number[]) => ({ classes: values.map((labelValue) => ({ labelValue, name: `n${labelValue}` })), regions: null });

it('kept classes keep their outputs wherever they move, new ones have none', () => {
  expect(sharedOutputs(labels(1, 2, 5), labels(2, 5, 6))).toEqual([0, 2, 3, null]);
  const region = (...names: string[]) => ({ classes: [], regions: names.map((name) => ({ name, classes: [1], paintsClass: 1 })) });
  expect(sharedOutputs(region('whole', 'core'), region('core', 'edge'))).toEqual([1, null]);
  expect(sharedOutputs(labels(1), region('core'))).toEqual([null]);
});

it('columns are copied output by output', () => {
  const own = { name: 'head.0.weight', shape: [1, 1, 2, 3], values: Float32Array.of(-1, -2, -3, -4, -5, -6) };
  const trained = { name: 'head.0.weight', shape: [1, 1, 2, 2], values: Float32Array.of(1, 2, 3, 4) };
  expect([...withSharedHead(own, trained, [0, null, 1]).values]).toEqual([1, -2, 2, 3, -5, 4]);
  expect([...own.values]).toEqual([-1, -2, -3, -4, -5, -6]);
});
