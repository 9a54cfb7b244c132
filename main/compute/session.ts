/** A SavedModel of ours loaded into one TensorFlow session that all its signatures share. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NamedTensorMap } from '@tensorflow/tfjs-node';
import type { NamedArray } from '../../models/engine.ts';
import type { BuiltGraph } from './networkGraph.ts';
import type { Tf } from './runtime.ts';

export class Session {
  readonly #tf: Tf;
  readonly #graph: BuiltGraph;
  readonly #folder: string;
  readonly #models = new Map<string, Awaited<ReturnType<Tf['node']['loadSavedModel']>>>();

  private constructor(tf: Tf, graph: BuiltGraph, folder: string) {
    this.#tf = tf;
    this.#graph = graph;
    this.#folder = folder;
  }

  static async open(tf: Tf, graph: BuiltGraph, signatures: readonly string[]): Promise<Session> {
    const folder = mkdtempSync(join(tmpdir(), 'maskloop-graph-'));
    try {
      mkdirSync(join(folder, 'variables'));
      writeFileSync(join(folder, 'saved_model.pb'), graph.savedModel);
      const session = new Session(tf, graph, folder);
      for (const name of signatures) session.#models.set(name, await tf.node.loadSavedModel(folder, ['serve'], name));
      return session;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Runs a signature; inputs are disposed, outputs come back as plain arrays. Blocks the thread. */
  run(signature: string, inputs: NamedTensorMap): Record<string, Float32Array> {
    const model = this.#models.get(signature);
    if (!model) throw new Error(`signature '${signature}' was not loaded from ${this.#folder}`);
    const outputs = model.predict(inputs) as NamedTensorMap;
    const values: Record<string, Float32Array> = {};
    for (const [name, tensor] of Object.entries(outputs)) values[name] = tensor.dataSync<'float32'>();
    this.#tf.dispose(outputs);
    this.#tf.dispose(inputs);
    return values;
  }

  /** Variables in graph order; `names` absent = all. */
  read(names?: ReadonlySet<string>): NamedArray[] {
    const values = this.run('read', {});
    return this.#graph.variables
      .filter(({ name }) => !names || names.has(name))
      .map(({ name, shape }) => ({ name, shape, values: values[name]! }));
  }

  /** Every variable of the graph must be there, with its shape. */
  write(arrays: readonly NamedArray[]): void {
    const given = new Map(arrays.map((array) => [array.name, array]));
    const inputs = this.#graph.variables.map(({ name, shape }) => {
      const array = given.get(name);
      if (!array) throw new Error(`'${name}' is missing`);
      if (array.shape.join() !== shape.join()) throw new Error(`'${name}' has shape [${array.shape.join()}], not [${shape.join()}]`);
      return [name, this.#tf.tensor(array.values, [...shape], 'float32')] as const;
    });
    this.run('write', Object.fromEntries(inputs));
  }

  dispose(): void {
    for (const model of this.#models.values()) model.dispose();
    this.#models.clear();
  }
}
