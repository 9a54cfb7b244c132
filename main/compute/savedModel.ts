/** The TensorFlow messages of a SavedModel (tensorflow/core/protobuf/saved_model.proto and what it contains). */
import { ProtoWriter } from './protobuf.ts';

const TYPE_NUMBER = { float: 1, double: 2, int32: 3, int64: 9, bool: 10, bfloat16: 14, half: 19, resource: 20 } as const;
export type DType = keyof typeof TYPE_NUMBER;
export type Shape = readonly number[];

export type Attribute =
  | { readonly text: string }
  | { readonly int: number }
  | { readonly float: number }
  | { readonly bool: boolean }
  | { readonly type: DType }
  | { readonly shape: Shape }
  | { readonly ints: readonly number[] }
  | { readonly types: readonly DType[] }
  | { readonly function: string }
  | { readonly tensor: { readonly dtype: DType; readonly shape: Shape; readonly bytes: Uint8Array } };

export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A body of nodes whose inputs name arguments (`in0`) or outputs of other nodes of the body (`node:output:0`). */
export interface FunctionDef {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly dtype: DType }[];
  readonly outputs: readonly { readonly name: string; readonly dtype: DType; readonly ref: string }[];
  readonly nodes: readonly NodeDef[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface TensorInfo {
  readonly ref: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface Signature {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly outputs: Readonly<Record<string, TensorInfo>>;
}

const shapeMessage = (shape: Shape): ProtoWriter => {
  const message = new ProtoWriter();
  for (const size of shape) message.message(2, new ProtoWriter().int(1, size));
  return message;
};

function attributeMessage(value: Attribute): ProtoWriter {
  const message = new ProtoWriter();
  if ('text' in value) return message.text(2, value.text);
  if ('int' in value) return message.int(3, value.int);
  if ('float' in value) return message.float(4, value.float);
  if ('bool' in value) return message.int(5, value.bool ? 1 : 0);
  if ('type' in value) return message.int(6, TYPE_NUMBER[value.type]);
  if ('shape' in value) return message.message(7, shapeMessage(value.shape));
  if ('ints' in value) {
    const list = new ProtoWriter();
    for (const entry of value.ints) list.int(3, entry);
    return message.message(1, list);
  }
  if ('types' in value) {
    const list = new ProtoWriter();
    for (const type of value.types) list.int(6, TYPE_NUMBER[type]);
    return message.message(1, list);
  }
  if ('function' in value) return message.message(10, new ProtoWriter().text(1, value.function));
  const { dtype, shape, bytes } = value.tensor;
  return message.message(8, new ProtoWriter().int(1, TYPE_NUMBER[dtype]).message(2, shapeMessage(shape)).bytes(4, bytes));
}

const mapEntry = (key: string, value: ProtoWriter): ProtoWriter => new ProtoWriter().text(1, key).message(2, value);

function nodeMessage(node: NodeDef): ProtoWriter {
  const message = new ProtoWriter().text(1, node.name).text(2, node.op);
  for (const input of node.inputs) message.text(3, input);
  for (const [key, value] of Object.entries(node.attributes)) message.message(5, mapEntry(key, attributeMessage(value)));
  return message;
}

/** tensorflow/core/framework/function.proto */
function functionMessage({ name, inputs, outputs, nodes, attributes }: FunctionDef): ProtoWriter {
  const argument = (argumentName: string, dtype: DType) => new ProtoWriter().text(1, argumentName).int(3, TYPE_NUMBER[dtype]);
  const signature = new ProtoWriter().text(1, name);
  for (const input of inputs) signature.message(2, argument(input.name, input.dtype));
  for (const output of outputs) signature.message(3, argument(output.name, output.dtype));
  const message = new ProtoWriter().message(1, signature);
  for (const node of nodes) message.message(3, nodeMessage(node));
  for (const output of outputs) message.message(4, new ProtoWriter().text(1, output.name).text(2, output.ref));
  for (const [key, value] of Object.entries(attributes)) message.message(5, mapEntry(key, attributeMessage(value)));
  return message;
}

function signatureMessage(signature: Signature): ProtoWriter {
  const message = new ProtoWriter();
  const info = ({ ref, dtype, shape }: TensorInfo): ProtoWriter => new ProtoWriter().text(1, ref).int(2, TYPE_NUMBER[dtype]).message(3, shapeMessage(shape));
  for (const [key, tensor] of Object.entries(signature.inputs)) message.message(1, mapEntry(key, info(tensor)));
  for (const [key, tensor] of Object.entries(signature.outputs)) message.message(2, mapEntry(key, info(tensor)));
  return message.text(3, 'tensorflow/serving/predict');
}

const GRAPH_PRODUCER = 1482;
const GRAPH_MIN_CONSUMER = 12;

/** Bytes of `saved_model.pb` with the tag `serve`; no variables folder is needed because values are set by a signature. */
export function encodeSavedModel(
  { nodes, functions = [] }: { readonly nodes: readonly NodeDef[]; readonly functions?: readonly FunctionDef[] },
  signatures: Readonly<Record<string, Signature>>,
): Uint8Array {
  const graph = new ProtoWriter();
  for (const node of nodes) graph.message(1, nodeMessage(node));
  const library = new ProtoWriter();
  for (const definition of functions) library.message(1, functionMessage(definition));
  if (functions.length > 0) graph.message(2, library);
  graph.message(4, new ProtoWriter().int(1, GRAPH_PRODUCER).int(2, GRAPH_MIN_CONSUMER));
  const metaInfo = new ProtoWriter().text(4, 'serve').text(5, '2.21.0');
  const metaGraph = new ProtoWriter().message(1, metaInfo).message(2, graph);
  for (const [key, signature] of Object.entries(signatures)) metaGraph.message(5, mapEntry(key, signatureMessage(signature)));
  return new ProtoWriter().int(1, 1).message(2, metaGraph).finish();
}
