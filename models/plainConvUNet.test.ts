import { describe, expect, it } from 'vitest';
import type { UNetSpec } from './engine.ts';
import { featureMapElements } from './networkCost.ts';
import type { TensorOps } from './ops.ts';
import { buildPlainConvUNet, headLevels, parametersOf } from './plainConvUNet.ts';

type Shape = readonly number[];

/** An op set that computes shapes only and refuses what does not fit together. */
function shapeOps(): TensorOps<Shape> {
  const same = (x: Shape): Shape => x;
  const fit = (ok: boolean, what: string): void => {
    if (!ok) throw new Error(what);
  };
  const unused = (): never => {
    throw new Error('not an operation of the network');
  };
  return {
    shapeOf: same,
    conv(x, w, stride) {
      fit(x[x.length - 1] === w[w.length - 2], `conv ${x.join()} with ${w.join()}`);
      return [x[0]!, ...x.slice(1, -1).map((n, axis) => Math.ceil(n / stride[axis]!)), w[w.length - 1]!];
    },
    convTranspose(x, w, spatial, stride) {
      fit(x[x.length - 1] === w[w.length - 1], `transposed conv ${x.join()} with ${w.join()}`);
      fit(spatial.every((n, axis) => Math.ceil(n / stride[axis]!) === x[axis + 1]), `transposed conv ${x.join()} to ${spatial.join()}`);
      return [x[0]!, ...spatial, w[w.length - 2]!];
    },
    bias(x, b) {
      fit(b.length === 1 && b[0] === x[x.length - 1], `bias ${b.join()} on ${x.join()}`);
      return x;
    },
    instanceNorm(x, scale, shift) {
      fit(scale[0] === x[x.length - 1] && shift[0] === x[x.length - 1], `norm on ${x.join()}`);
      return x;
    },
    leakyRelu: same,
    concatChannels(a, b) {
      fit(a.slice(0, -1).join() === b.slice(0, -1).join(), `concat ${a.join()} with ${b.join()}`);
      return [...a.slice(0, -1), a[a.length - 1]! + b[b.length - 1]!];
    },
    toFloat32: same,
    toCompute: same,
    scalar: unused, add: unused, sub: unused, mul: unused, div: unused, negate: unused, sum: unused, mean: unused,
    softmax: unused, logSoftmax: unused, slice: unused, oneHot: unused, subsample: unused,
  };
}

const cube = (n: number) => [n, n, n];
const network = (features: readonly number[], strides: readonly number[][], dims: 2 | 3 = 3): UNetSpec => ({
  dims,
  architecture: 'plain',
  norm: 'instance',
  inputChannels: 1,
  classes: 3,
  stages: features.map((count, level) => ({ features: count, convs: 2, kernel: Array<number>(dims).fill(3), stride: strides[level]! })),
  decoderConvs: 2,
  negativeSlope: 0.01,
});
const hippocampus = network([32, 64, 128, 256], [cube(1), cube(2), cube(2), cube(2)]);
const countOf = (spec: UNetSpec, heads: number[]) => parametersOf(spec, heads).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

describe('plain U-Net', () => {
  it.each<[string, UNetSpec, number[]]>([
    ['hippocampus', hippocampus, [40, 56, 40]],
    ['anisotropic, odd sizes', network([4, 6, 8], [cube(1), [1, 2, 2], cube(2)]), [5, 13, 11]],
    ['2D', network([4, 6, 8, 8], [[1, 1], [2, 2], [2, 2], [2, 1]], 2), [24, 20]],
    ['one level', network([4], [cube(1)]), [3, 4, 5]],
  ])('%s: asks for exactly its listed parameters, and logits have the size of their level', (_, spec, patch) => {
    const heads = headLevels(spec, [1, 1, 1, 1]);
    const shapes = new Map(parametersOf(spec, heads).map(({ name, shape }) => [name, shape]));
    const asked: string[] = [];
    const outputs = buildPlainConvUNet<Shape>(shapeOps(), spec, heads, [2, ...patch, 1], (name) => {
      asked.push(name);
      return shapes.get(name) ?? expect.fail(`'${name}' is not in parametersOf`);
    });
    expect([...asked].sort()).toEqual([...shapes.keys()].sort());
    for (const [level, shape] of outputs) {
      const strides = spec.stages.slice(0, level + 1).map(({ stride }) => stride);
      const size = patch.map((n, axis) => strides.reduce((rest, stride) => Math.ceil(rest / stride[axis]!), n));
      expect(shape).toEqual([2, ...size, 3]);
    }
    expect([...outputs.keys()].sort()).toEqual(heads);
  });

  it('has heads where deep supervision weighs them, and always on the finest level', () => {
    expect(headLevels(hippocampus, [2 / 3, 1 / 3, 0])).toEqual([0, 1]);
    expect(headLevels(hippocampus, [1])).toEqual([0]);
    expect(headLevels(hippocampus, [])).toEqual([0]);
  });

  it('has as many weights as the published hippocampus network (5.60 M)', () => {
    expect(countOf(hippocampus, [0]) / 1e6).toBeCloseTo(5.6, 2);
  });

  it('costs what nnU-Net v2 plans for BraTS: 454 893 568 elements', () => {
    const features = [32, 64, 128, 256, 320, 320];
    const brats = { ...network(features, [cube(1), ...Array.from({ length: 5 }, () => cube(2))]), inputChannels: 4, classes: 4 };
    expect(featureMapElements(brats, [128, 128, 128])).toBe(454_893_568);
  });
});
