/**
 * Moves a part of a graph into a function that TensorFlow compiles with XLA (`_XlaMustCompile`). Only pure computation goes
 * in: variables are read before and written after it.
 */
import type { Graph, Tensor } from './graph.ts';
import type { FunctionDef, NodeDef } from './savedModel.ts';

/** Inside a function an input names the operation's output too. All of ours have one output. */
const OUTPUT_NAMES: Readonly<Record<string, readonly string[]>> = {
  output: [
    'Const',
    'Identity',
    'Conv2D',
    'Conv2DBackpropInput',
    'Conv2DBackpropFilter',
    'Conv3D',
    'Conv3DBackpropInputV2',
    'Conv3DBackpropFilterV2',
    'BiasAdd',
    'BiasAddGrad',
    'Reshape',
    'Sum',
    'Mean',
    'SelectV2',
    'BroadcastTo',
    'Slice',
    'Pad',
    'ConcatV2',
    'OneHot',
    'StridedSlice',
    'GatherV2',
    'AvgPool',
    'AvgPoolGrad',
    'AvgPool3D',
    'AvgPool3DGrad',
  ],
  z: ['AddV2', 'Sub', 'Mul', 'RealDiv', 'SquaredDifference', 'Minimum', 'Maximum', 'Pow'],
  y: ['Neg', 'Exp', 'Rsqrt', 'Sqrt', 'Sigmoid', 'Square', 'Cast', 'ZerosLike'],
  softmax: ['Softmax'],
  logsoftmax: ['LogSoftmax'],
  activations: ['LeakyRelu', 'Softplus'],
  backprops: ['LeakyReluGrad'],
};
const OUTPUT_NAME = new Map(Object.entries(OUTPUT_NAMES).flatMap(([name, ops]) => ops.map((op) => [op, name] as const)));

function outputName({ op, name }: NodeDef): string {
  const found = OUTPUT_NAME.get(op);
  if (!found) throw new Error(`xlaFunction.ts does not know the output of ${op} ('${name}')`);
  return found;
}

/** The nodes between `inputs` and `outputs` in the order in which they were made. Throws when they need anything else. */
function nodesBetween(g: Graph, inputs: readonly Tensor[], outputs: readonly Tensor[]): NodeDef[] {
  const byName = new Map(g.nodes.map((node) => [node.name, node]));
  const given = new Set(inputs.map(({ name }) => name));
  const found = new Set<string>();
  const waiting = outputs.map(({ name }) => name);
  while (waiting.length > 0) {
    const name = waiting.pop()!;
    if (given.has(name) || found.has(name)) continue;
    const node = byName.get(name);
    if (!node || ['Placeholder', 'ReadVariableOp', 'VarHandleOp'].includes(node.op) || node.inputs.some((input) => input.startsWith('^'))) {
      throw new Error(`the computation needs '${name}', which is not among its inputs`);
    }
    found.add(name);
    waiting.push(...node.inputs);
  }
  return g.nodes.filter(({ name }) => found.has(name));
}

/** Returns what `outputs` become: results of a call of the compiled function `name`. The nodes outside are left for nobody. */
export function compileWithXla(g: Graph, name: string, inputs: readonly Tensor[], outputs: readonly Tensor[]): Tensor[] {
  const nodes = nodesBetween(g, inputs, outputs);
  const reference = new Map(inputs.map((input, index) => [input.name, `in${index}`]));
  for (const node of nodes) reference.set(node.name, `${node.name}:${outputName(node)}:0`);
  const compiled = { _XlaMustCompile: { bool: true } } as const;
  const definition: FunctionDef = {
    name,
    inputs: inputs.map(({ dtype }, index) => ({ name: `in${index}`, dtype })),
    outputs: outputs.map(({ dtype, name: from }, index) => ({ name: `out${index}`, dtype, ref: reference.get(from)! })),
    nodes: nodes.map((node) => ({ ...node, inputs: node.inputs.map((input) => reference.get(input)!) })),
    attributes: compiled,
  };
  g.functions.push(definition);
  const attributes = {
    Tin: { types: inputs.map(({ dtype }) => dtype) },
    Tout: { types: outputs.map(({ dtype }) => dtype) },
    f: { function: name },
    config: { text: '' },
    config_proto: { text: '' },
    executor_type: { text: '' },
    ...compiled,
  };
  const call = g.node('StatefulPartitionedCall', inputs, attributes, [], 'float');
  return outputs.map((output, index) => g.unary('Identity', { ...output, name: index === 0 ? call.name : `${call.name}:${index}` }));
}
