/**
 * A TensorFlow graph under construction: nodes with known shapes, and a tape of what can be differentiated.
 * Raw operations (`node`, `binary`, …) leave no trace on the tape; the differentiable ones live in the files beside.
 */
import type { Attribute, DType, FunctionDef, NodeDef, Shape, TensorInfo } from './savedModel.ts';

/** One output of a node. */
export interface Tensor {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Gradient of the loss with respect to each input, or null where there is none. */
export type Backward = (outputGradient: Tensor) => readonly (Tensor | null)[];
interface TapeEntry {
  readonly output: Tensor;
  readonly inputs: readonly Tensor[];
  readonly backward: Backward;
}

export function broadcastShape(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[a.length - rank + axis] ?? 1;
    const y = b[b.length - rank + axis] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new Error(`shapes [${a.join()}] and [${b.join()}] do not broadcast`);
    return Math.max(x, y);
  });
}

export class Graph {
  readonly nodes: NodeDef[] = [];
  readonly functions: FunctionDef[] = [];
  readonly #tape: TapeEntry[] = [];
  readonly #nameCounts = new Map<string, number>();
  readonly #constants = new Map<string, Tensor>();

  /** Adds a node. `after`: nodes that must run before it. */
  node(
    op: string,
    inputs: readonly Tensor[],
    attributes: Readonly<Record<string, Attribute>>,
    shape: Shape,
    dtype: DType,
    { name = op, after = [] }: { name?: string; after?: readonly Tensor[] } = {},
  ): Tensor {
    const count = this.#nameCounts.get(name) ?? 0;
    this.#nameCounts.set(name, count + 1);
    const unique = count === 0 ? name : `${name}_${count}`;
    this.nodes.push({ name: unique, op, inputs: [...inputs.map((t) => t.name), ...after.map((t) => `^${t.name}`)], attributes });
    return { name: unique, shape, dtype };
  }

  constant(values: Float32Array | Float64Array | Int32Array, shape: Shape): Tensor {
    const dtype = values instanceof Float32Array ? 'float' : values instanceof Float64Array ? 'double' : 'int32';
    const key = `${dtype}[${shape.join()}]${values.join()}`;
    const known = this.#constants.get(key);
    if (known) return known;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
    const made = this.node('Const', [], { dtype: { type: dtype }, value: { tensor: { dtype, shape, bytes } } }, shape, dtype);
    this.#constants.set(key, made);
    return made;
  }
  scalar(value: number): Tensor {
    return this.constant(Float32Array.of(value), []);
  }
  ints(values: readonly number[]): Tensor {
    return this.constant(Int32Array.from(values), [values.length]);
  }
  placeholder(name: string, shape: Shape, dtype: DType): Tensor {
    return this.node('Placeholder', [], { dtype: { type: dtype }, shape: { shape } }, shape, dtype, { name });
  }

  binary(op: 'AddV2' | 'Sub' | 'Mul' | 'RealDiv' | 'SquaredDifference' | 'Minimum' | 'Maximum' | 'Pow', a: Tensor, b: Tensor): Tensor {
    return this.node(op, [a, b], { T: { type: a.dtype } }, broadcastShape(a.shape, b.shape), a.dtype);
  }
  unary(
    op: 'Neg' | 'Exp' | 'Rsqrt' | 'Sqrt' | 'Softmax' | 'LogSoftmax' | 'Sigmoid' | 'Softplus' | 'ZerosLike' | 'Identity' | 'Square',
    x: Tensor,
    name?: string,
  ): Tensor {
    return this.node(op, [x], { T: { type: x.dtype } }, x.shape, x.dtype, name ? { name } : {});
  }
  /** Scalars or equal shapes → bool. */
  compare(op: 'Greater' | 'GreaterEqual', a: Tensor, b: Tensor): Tensor {
    return this.node(op, [a, b], { T: { type: a.dtype } }, broadcastShape(a.shape, b.shape), 'bool');
  }
  reduce(op: 'Sum' | 'Mean', x: Tensor, axes: readonly number[], keepDims = false): Tensor {
    const shape = x.shape.flatMap((size, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [size]));
    const attributes = { T: { type: x.dtype }, Tidx: { type: 'int32' }, keep_dims: { bool: keepDims } } as const;
    return this.node(op, [x, this.ints(axes)], attributes, shape, x.dtype);
  }
  reshape(x: Tensor, shape: Shape): Tensor {
    return this.node('Reshape', [x, this.ints(shape)], { T: { type: x.dtype }, Tshape: { type: 'int32' } }, shape, x.dtype);
  }
  castTo(x: Tensor, dtype: DType): Tensor {
    if (x.dtype === dtype) return x;
    const attributes = { SrcT: { type: x.dtype }, DstT: { type: dtype }, Truncate: { bool: false } } as const;
    return this.node('Cast', [x], attributes, x.shape, dtype);
  }
  select(condition: Tensor, whenTrue: Tensor, whenFalse: Tensor): Tensor {
    return this.node('SelectV2', [condition, whenTrue, whenFalse], { T: { type: whenTrue.dtype } }, whenTrue.shape, whenTrue.dtype);
  }

  /** Notes on the tape how `output` was made from `inputs`. */
  record(output: Tensor, inputs: readonly Tensor[], backward: Backward): Tensor {
    this.#tape.push({ output, inputs, backward });
    return output;
  }

  /**
   * Reverse-mode differentiation of the scalar `loss`; one gradient per entry of `withRespectTo`, in order. `times`: scalar
   * that multiplies them all from the start of the way back, where half precision needs large numbers.
   */
  gradients(loss: Tensor, withRespectTo: readonly Tensor[], times: Tensor = this.scalar(1)): Tensor[] {
    const gradients = new Map<string, Tensor>([[loss.name, times]]);
    const needed = this.#reaches(withRespectTo);
    for (const { output, inputs, backward } of [...this.#tape].reverse()) {
      const outputGradient = gradients.get(output.name);
      if (!outputGradient || !needed.has(output.name)) continue;
      backward(outputGradient).forEach((gradient, index) => {
        const input = inputs[index]!;
        if (!gradient || !needed.has(input.name)) return;
        const sum = gradients.get(input.name);
        gradients.set(input.name, sum ? this.binary('AddV2', sum, gradient) : gradient);
      });
    }
    return withRespectTo.map((tensor) => {
      const gradient = gradients.get(tensor.name);
      if (!gradient) throw new Error(`the loss does not depend on '${tensor.name}'`);
      return gradient;
    });
  }

  /** Names of everything computed from `sources`. */
  #reaches(sources: readonly Tensor[]): Set<string> {
    const reached = new Set(sources.map((t) => t.name));
    for (const { output, inputs } of this.#tape) if (inputs.some((t) => reached.has(t.name))) reached.add(output.name);
    return reached;
  }
}

export const tensorInfo = (t: Tensor): TensorInfo => ({ ref: `${t.name}:0`, dtype: t.dtype, shape: t.shape });
