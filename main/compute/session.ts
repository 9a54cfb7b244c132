/** A SavedModel of ours loaded into one TensorFlow session that all its signatures share. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NamedTensorMap } from '@tensorflow/tfjs-node';
import type { NamedArray } from '../../models/engine.ts';
import type { Tf } from './runtime.ts';

type LoadedSignature = Awaited<ReturnType<Tf['node']['loadSavedModel']>>;

/** Variables that are read and written together, by the signatures `read.<group>` and `write.<group>`. */
export const VARIABLE_GROUPS = ['weights', 'optimizer', 'slow', 'average'] as const;
export type VariableGroup = (typeof VARIABLE_GROUPS)[number];

export interface SessionGraph {
  readonly savedModel: Uint8Array;
  readonly signatures: readonly string[];
  readonly variables: Readonly<Partial<Record<VariableGroup, readonly { readonly name: string; readonly shape: readonly number[] }[]>>>;
}

export class Session {
  readonly #tf: Tf;
  readonly #variables: SessionGraph['variables'];
  readonly #signatures = new Map<string, LoadedSignature>();

  private constructor(tf: Tf, variables: SessionGraph['variables']) {
    this.#tf = tf;
    this.#variables = variables;
  }

  /** TensorFlow loads models from folders only; ours lives in a temporary one until it is loaded. */
  static async open(tf: Tf, graph: SessionGraph): Promise<Session> {
    const folder = mkdtempSync(join(tmpdir(), 'maskloop-graph-'));
    const session = new Session(tf, graph.variables);
    try {
      mkdirSync(join(folder, 'variables'));
      writeFileSync(join(folder, 'saved_model.pb'), graph.savedModel);
      // signatures of one folder share a session, and with it the variables
      for (const name of graph.signatures) session.#signatures.set(name, await tf.node.loadSavedModel(folder, ['serve'], name));
      return session;
    } catch (thrown) {
      session.dispose();
      throw thrown;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Runs a signature; inputs are disposed, outputs come back as plain arrays. Blocks the thread. */
  run(name: string, inputs: NamedTensorMap): Record<string, Float32Array> {
    try {
      const signature = this.#signatures.get(name);
      if (!signature) throw new Error(`no signature '${name}', or the session is disposed`);
      const outputs = signature.predict(inputs) as NamedTensorMap;
      const values: Record<string, Float32Array> = {};
      for (const [key, tensor] of Object.entries(outputs)) values[key] = tensor.dataSync<'float32'>();
      this.#tf.dispose(outputs);
      return values;
    } finally {
      this.#tf.dispose(inputs);
    }
  }

  /** The variables of a group in graph order. */
  read(group: VariableGroup): NamedArray[] {
    const variables = this.#variables[group] ?? [];
    if (variables.length === 0) return [];
    const values = this.run(`read.${group}`, {});
    return variables.map(({ name, shape }) => ({ name, shape, values: values[name]! }));
  }

  /** Every variable of the group must be among `arrays`, with its shape; others are ignored. Throws before it writes. */
  write(group: VariableGroup, arrays: readonly NamedArray[]): void {
    const given = new Map(arrays.map((array) => [array.name, array]));
    const chosen = (this.#variables[group] ?? []).map(({ name, shape }) => {
      const array = given.get(name);
      if (!array) throw new Error(`'${name}' is missing`);
      if (array.shape.join() !== shape.join()) {
        throw new Error(`'${name}' has shape [${array.shape.join()}], not [${shape.join()}]`);
      }
      return array;
    });
    const tensors = chosen.map(({ name, shape, values }) => [name, this.#tf.tensor(values, [...shape], 'float32')] as const);
    if (tensors.length > 0) this.run(`write.${group}`, Object.fromEntries(tensors));
  }

  dispose(): void {
    for (const signature of this.#signatures.values()) signature.dispose();
    this.#signatures.clear();
  }
}
