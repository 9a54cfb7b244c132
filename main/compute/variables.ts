/** Variables of a graph: weights and the state of the optimiser. */
import type { Graph, Tensor } from './graph.ts';
import type { Shape } from './savedModel.ts';

export interface Variable {
  readonly name: string;
  readonly shape: Shape;
  readonly handle: Tensor;
  /** What each element holds in a fresh state; weights and their copies are written anyway. */
  readonly initial: number;
}

export function declareVariable(g: Graph, name: string, shape: Shape, initial = 0): Variable {
  const attributes = { dtype: { type: 'float' }, shape: { shape }, shared_name: { text: name }, container: { text: '' } } as const;
  return { name, shape, handle: g.node('VarHandleOp', [], attributes, [], 'resource', { name }), initial };
}

export function readVariable(g: Graph, variable: Variable, after: readonly Tensor[] = []): Tensor {
  return g.node('ReadVariableOp', [variable.handle], { dtype: { type: 'float' } }, variable.shape, 'float', { after });
}

/** The returned node has no output; name it in an `after` list. */
export function assignVariable(g: Graph, variable: Variable, value: Tensor, after: readonly Tensor[] = []): Tensor {
  const attributes = { dtype: { type: 'float' }, validate_shape: { bool: false } } as const;
  return g.node('AssignVariableOp', [variable.handle, value], attributes, [], 'float', { after });
}
