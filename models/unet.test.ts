import { describe, expect, it } from 'vitest';
import type { UNetSpec } from './engine.ts';
import { featureMapElements } from './networkCost.ts';
import type { TensorOps } from './ops.ts';
import { buildUNet, parametersOf } from './unet.ts';
import { headLevels } from './unetDecoder.ts';

type Shape = readonly number[];

/** An op set that computes shapes only and refuses what does not fit together. */
function shapeOps(): TensorOps<Shape> {
  const same = (x: Shape): Shape => x;
  const fit = (ok: boolean, what: string): void => {
    if (!ok) throw new Error(what);
  };
  const norm = (x: Shape, scale: Shape, shift: Shape): Shape => {
    fit(scale[0] === x[x.length - 1] && shift[0] === x[x.length - 1], `norm on ${x.join()}`);
    return x;
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
      fit(
        spatial.every((n, axis) => Math.ceil(n / stride[axis]!) === x[axis + 1]),
        `transposed conv ${x.join()} to ${spatial.join()}`,
      );
      return [x[0]!, ...spatial, w[w.length - 2]!];
    },
    bias(x, b) {
      fit(b.length === 1 && b[0] === x[x.length - 1], `bias ${b.join()} on ${x.join()}`);
      return x;
    },
    instanceNorm: norm,
    groupNorm: norm,
    batchNorm: (x, scale, shift) => ({ output: norm(x, scale, shift), mean: scale, variance: scale }),
    normalizeBy(x, scale, shift, mean, variance) {
      norm(x, mean, variance);
      return norm(x, scale, shift);
    },
    averagePool: (x, stride) => [x[0]!, ...x.slice(1, -1).map((n, axis) => Math.ceil(n / stride[axis]!)), x[x.length - 1]!],
    leakyRelu: same,
    add(a, b) {
      fit(a.join() === b.join(), `sum of ${a.join()} and ${b.join()}`);
      return a;
    },
    concatChannels(a, b) {
      fit(a.slice(0, -1).join() === b.slice(0, -1).join(), `concat ${a.join()} with ${b.join()}`);
      return [...a.slice(0, -1), a[a.length - 1]! + b[b.length - 1]!];
    },
    toFloat32: same,
    toCompute: same,
    scalar: unused,
    sub: unused,
    mul: unused,
    div: unused,
    negate: unused,
    sum: unused,
    mean: unused,
    softmax: unused,
    logSoftmax: unused,
    sigmoid: unused,
    softplus: unused,
    atLeast: unused,
    reshape: unused,
    lookUp: unused,
    upsampleNearest: unused,
    slice: unused,
    oneHot: unused,
    subsample: unused,
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

/** An encoder like that of the ResEnc presets on the levels of `plain`. */
const residual = (plain: UNetSpec): UNetSpec => ({
  ...plain,
  architecture: 'residual',
  decoderConvs: 1,
  stages: plain.stages.map((stage, level) => ({ ...stage, convs: [1, 3, 4, 6, 6, 6][level]! })),
});
const anisotropic = network([4, 6, 8], [cube(1), [1, 2, 2], cube(2)]);
const plane = network(
  [4, 6, 8, 8],
  [
    [1, 1],
    [2, 2],
    [2, 2],
    [2, 1],
  ],
  2,
);
const norms = ['instance', 'batch', 'group', 'none'] as const;

describe('U-Nets', () => {
  it.each<[string, UNetSpec, number[]]>([
    ['plain hippocampus', hippocampus, [40, 56, 40]],
    ['plain, anisotropic, odd sizes', anisotropic, [5, 13, 11]],
    ['plain 2D', plane, [24, 20]],
    ['plain, one level', network([4], [cube(1)]), [3, 4, 5]],
    ['residual hippocampus', residual(hippocampus), [40, 56, 40]],
    ['residual, anisotropic, odd sizes', residual(anisotropic), [5, 13, 11]],
    ['residual 2D', residual(plane), [24, 20]],
    ['residual, one level', residual(network([4], [cube(1)])), [3, 4, 5]],
  ])('%s: asks for exactly its listed parameters under every norm, and logits have the size of their level', (_, plain, patch) => {
    for (const norm of norms) {
      for (const isTraining of [true, false]) {
        const spec = { ...plain, norm, inputChannels: 2 };
        const heads = headLevels(spec, [1, 1, 1, 1]);
        const shapes = new Map(parametersOf(spec, heads).map(({ name, shape }) => [name, shape]));
        const asked = new Set<string>();
        const parameter = (name: string): Shape => {
          asked.add(name);
          return shapes.get(name) ?? expect.fail(`'${name}' is not in parametersOf`);
        };
        const variables = isTraining ? { parameter, onBatchStatistic: (name: string) => void asked.add(name) } : { parameter };
        const outputs = buildUNet<Shape>(shapeOps(), spec, heads, [2, ...patch, 2], variables);
        expect([...asked].sort()).toEqual([...shapes.keys()].sort());
        for (const [level, shape] of outputs) {
          const strides = spec.stages.slice(0, level + 1).map(({ stride }) => stride);
          const size = patch.map((n, axis) => strides.reduce((rest, stride) => Math.ceil(rest / stride[axis]!), n));
          expect(shape).toEqual([2, ...size, 3]);
        }
        expect([...outputs.keys()].sort()).toEqual(heads);
      }
    }
  });

  it('has heads where deep supervision weighs them, and always on the finest level', () => {
    expect(headLevels(hippocampus, [2 / 3, 1 / 3, 0])).toEqual([0, 1]);
    expect(headLevels(hippocampus, [1])).toEqual([0]);
    expect(headLevels(hippocampus, [])).toEqual([0]);
  });

  it('has as many weights as the published hippocampus network (5.60 M)', () => {
    expect(countOf(hippocampus, [0]) / 1e6).toBeCloseTo(5.6, 2);
  });

  it.each<[string, number, number[][], number[][]]>([
    ['01', 31.19, [], [cube(2), cube(2), cube(2), cube(2), cube(2)]],
    ['02', 30.78, [], [cube(2), cube(2), cube(2), cube(2), [1, 2, 2]]],
    [
      '05',
      30.56,
      [
        [1, 3, 3],
        [1, 3, 3],
      ],
      [[1, 2, 2], [1, 2, 2], cube(2), cube(2), [1, 2, 2]],
    ],
    ['07', 30.75, [[1, 3, 3]], [[1, 2, 2], cube(2), cube(2), cube(2), [1, 2, 2]]],
    ['09', 31.16, [[1, 3, 3]], [[1, 2, 2], cube(2), cube(2), cube(2), cube(2)]],
  ])(
    'of the seed for task %s has the %d M weights that NVIDIA published: its decoder convolves with the next coarser kernels',
    (_, millions, flat, strides) => {
      const features = [32, 64, 128, 256, 320, 320];
      const kernels = features.map((_count, level) => flat[level] ?? cube(3));
      const plain = network(features, [cube(1), ...strides]);
      const spec = { ...plain, stages: plain.stages.map((stage, level) => ({ ...stage, kernel: kernels[level]! })) };
      expect(Math.abs(countOf({ ...spec, decoderKernels: 'coarserLevel' }, [0]) / 1e6 - millions)).toBeLessThan(0.006);
      if (flat.length > 0) expect(Math.abs(countOf(spec, [0]) / 1e6 - millions)).toBeGreaterThan(0.006);
    },
  );

  it('trains everything but running statistics, which only batch norm has', () => {
    for (const norm of norms) {
      const untrained = parametersOf({ ...residual(anisotropic), norm }, [0]).filter(({ isTrained }) => !isTrained);
      expect(untrained.length > 0).toBe(norm === 'batch');
      expect(untrained.every(({ name }) => /\.norm\.(mean|variance)$/.test(name))).toBe(true);
    }
  });
});

describe('names and shapes of parameters are a file format', () => {
  const golden = (spec: UNetSpec, heads: number[]) => parametersOf(spec, heads).map(({ name, shape }) => `${name} ${shape.join('×')}`);
  const two = network([4, 6], [cube(1), [1, 2, 2]]);

  it('plain', () => {
    expect(golden(two, [0])).toEqual([
      'encoder.0.0.conv.weight 3×3×3×1×4',
      'encoder.0.0.norm.scale 4',
      'encoder.0.0.norm.shift 4',
      'encoder.0.1.conv.weight 3×3×3×4×4',
      'encoder.0.1.norm.scale 4',
      'encoder.0.1.norm.shift 4',
      'encoder.1.0.conv.weight 3×3×3×4×6',
      'encoder.1.0.norm.scale 6',
      'encoder.1.0.norm.shift 6',
      'encoder.1.1.conv.weight 3×3×3×6×6',
      'encoder.1.1.norm.scale 6',
      'encoder.1.1.norm.shift 6',
      'decoder.0.up.weight 1×2×2×4×6',
      'decoder.0.up.bias 4',
      'decoder.0.0.conv.weight 3×3×3×8×4',
      'decoder.0.0.norm.scale 4',
      'decoder.0.0.norm.shift 4',
      'decoder.0.1.conv.weight 3×3×3×4×4',
      'decoder.0.1.norm.scale 4',
      'decoder.0.1.norm.shift 4',
      'head.0.weight 1×1×1×4×3',
      'head.0.bias 3',
    ]);
  });

  it('residual', () => {
    const spec = { ...residual(two), stages: two.stages.map((stage, level) => ({ ...stage, convs: level + 1 })) };
    expect(golden(spec, [0])).toEqual([
      'stem.conv.weight 3×3×3×1×4',
      'stem.norm.scale 4',
      'stem.norm.shift 4',
      'encoder.0.0.first.conv.weight 3×3×3×4×4',
      'encoder.0.0.first.norm.scale 4',
      'encoder.0.0.first.norm.shift 4',
      'encoder.0.0.second.conv.weight 3×3×3×4×4',
      'encoder.0.0.second.norm.scale 4',
      'encoder.0.0.second.norm.shift 4',
      'encoder.1.0.first.conv.weight 3×3×3×4×6',
      'encoder.1.0.first.norm.scale 6',
      'encoder.1.0.first.norm.shift 6',
      'encoder.1.0.second.conv.weight 3×3×3×6×6',
      'encoder.1.0.second.norm.scale 6',
      'encoder.1.0.second.norm.shift 6',
      'encoder.1.0.skip.conv.weight 1×1×1×4×6',
      'encoder.1.0.skip.norm.scale 6',
      'encoder.1.0.skip.norm.shift 6',
      'encoder.1.1.first.conv.weight 3×3×3×6×6',
      'encoder.1.1.first.norm.scale 6',
      'encoder.1.1.first.norm.shift 6',
      'encoder.1.1.second.conv.weight 3×3×3×6×6',
      'encoder.1.1.second.norm.scale 6',
      'encoder.1.1.second.norm.shift 6',
      'decoder.0.up.weight 1×2×2×4×6',
      'decoder.0.up.bias 4',
      'decoder.0.0.conv.weight 3×3×3×8×4',
      'decoder.0.0.norm.scale 4',
      'decoder.0.0.norm.shift 4',
      'head.0.weight 1×1×1×4×3',
      'head.0.bias 3',
    ]);
  });

  it('batch norm and no norm', () => {
    const names = (norm: UNetSpec['norm']) =>
      parametersOf({ ...two, norm }, [0])
        .slice(0, 5)
        .map(({ name }) => name);
    expect(names('batch')).toEqual(['conv.weight', 'norm.scale', 'norm.shift', 'norm.mean', 'norm.variance'].map((end) => `encoder.0.0.${end}`));
    expect(names('none').slice(0, 2)).toEqual(['encoder.0.0.conv.weight', 'encoder.0.0.conv.bias']);
    expect(names('group').slice(0, 3)).toEqual(['conv.weight', 'norm.scale', 'norm.shift'].map((end) => `encoder.0.0.${end}`));
  });
});

describe('cost', () => {
  it('is what nnU-Net v2 plans for BraTS: 454 893 568 elements', () => {
    const features = [32, 64, 128, 256, 320, 320];
    const brats = { ...network(features, [cube(1), ...Array.from({ length: 5 }, () => cube(2))]), inputChannels: 4, classes: 4 };
    expect(featureMapElements(brats, [128, 128, 128])).toBe(454_893_568);
  });
});
