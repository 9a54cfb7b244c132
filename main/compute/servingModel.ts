/** A SavedModel that anybody's TensorFlow loads: weights baked in, one signature from image to probabilities. */
import type { NamedArray, UNetSpec } from '../../models/engine.ts';
import { buildUNet, parametersOf } from '../../models/unet.ts';
import { Graph, tensorInfo } from './graph.ts';
import type { Tensor } from './graph.ts';
import { graphOps } from './graphOps.ts';
import { encodeSavedModel } from './savedModel.ts';

/**
 * Bytes of `saved_model.pb`. Signature `serving_default`: `image` [1, …patch, C] float32, preprocessed as the plan says →
 * `probabilities` [1, …patch, classes]. Throws when an array of the network is missing or has another shape.
 */
export function encodeServingModel(network: UNetSpec, patch: readonly number[], weights: readonly NamedArray[], activation: 'softmax' | 'sigmoid'): Uint8Array {
  const given = new Map(weights.map((array) => [array.name, array]));
  const shapes = new Map(parametersOf(network, [0]).map(({ name, shape }) => [name, shape]));
  const g = new Graph();
  const parameter = (name: string): Tensor => {
    const array = given.get(name);
    const shape = shapes.get(name)!;
    if (array?.shape.join() !== shape.join()) throw new Error(`'${name}' is missing or has another shape than [${shape.join()}]`);
    const bytes = new Uint8Array(array.values.buffer, array.values.byteOffset, array.values.byteLength);
    const attributes = { dtype: { type: 'float' }, value: { tensor: { dtype: 'float', shape, bytes } } } as const;
    return g.node('Const', [], attributes, shape, 'float', { name: `weights/${name}` });
  };
  const image = g.placeholder('image', [1, ...patch, network.inputChannels], 'float');
  const logits = buildUNet(graphOps(g, 'float32'), network, [0], image, { parameter }).get(0)!;
  const op = activation === 'softmax' ? 'Softmax' : 'Sigmoid';
  const probabilities = g.node(op, [logits], { T: { type: 'float' } }, logits.shape, 'float', { name: 'probabilities' });
  const signature = { inputs: { image: tensorInfo(image) }, outputs: { probabilities: tensorInfo(probabilities) } };
  return encodeSavedModel(g, { serving_default: signature });
}
