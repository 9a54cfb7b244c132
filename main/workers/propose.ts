/** Around a place that a user points at: what the current model makes of it, and how it hangs together. */
import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineFactory } from '../../models/engine.ts';
import { AppException, err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import { PredictOptions } from '../contract/predictOptions.ts';
import type { VoxelBox } from '../contract/proposal.ts';
import type { ProposeTask } from '../contract/tasks.ts';
import { readStoredImage } from '../dataset/storedVolume.ts';
import { voxelCount } from '../imaging/tensorShape.ts';
import { boxProbabilities, networkPart, sourceFrom, type Part } from '../nnunet/infer/boxProbabilities.ts';
import { inferPlanes } from '../nnunet/infer/infer.ts';
import { joinLevels } from '../nnunet/infer/joinLevels.ts';
import { openEnsemble, prepareMember } from './ensemble.ts';
import { outOfMemory, requireMemory } from './predictionFit.ts';

/** The summary is `{ levels, seedLevel }` of `Proposal`. */
export async function runPropose(input: ProposeTask, port: JobPort, factory: EngineFactory): Promise<Result<Record<string, unknown>>> {
  try {
    const proposed = await propose(input, port, factory);
    return ok({ levels: proposed && gzipSync(proposed.levels).toString('base64'), seedLevel: proposed?.seedLevel ?? 0 });
  } catch (thrown) {
    return err(outOfMemory(thrown) ?? toAppError(thrown, input.model.runFolder));
  }
}

/** Null when told to stop. */
async function propose(
  { model, image, labelValue, box, seed, runId, scratchFolder, memory }: ProposeTask,
  port: JobPort,
  factory: EngineFactory,
): Promise<{ levels: Uint8Array; seedLevel: number } | null> {
  const options = PredictOptions.parse({ postprocess: false });
  const ensemble = await openEnsemble([model], options, factory);
  try {
    const [member] = ensemble.members;
    const { plan } = member!;
    const classIndex = plan.classes.findIndex((one) => one.labelValue === labelValue) + 1;
    if (classIndex === 0) throw new AppException({ code: 'predict/unknown-segment', runId, labelValue });
    requireMemory(ensemble, { grid: image.grid, path: image.files[0]! }, memory);
    const mayGoOn = async (part: number): Promise<boolean> => {
      port.tell({ type: 'progress', progress: { phase: 'predicting', done: part, total: 1 } });
      await sleep(0); // the call before blocked the thread
      return !port.stop.aborted;
    };
    const prepared = await prepareMember(member!, options, await readStoredImage(image), image.files[0]!, { scratchFolder, mayGoOn });
    if (!prepared) return null;
    const { geometry, source, spec, predict, firstPart } = prepared;
    const wanted = partOf(box);
    const part = networkPart(wanted, geometry, plan);
    if (!part) return { levels: new Uint8Array(voxelCount(wanted.shape)), seedLevel: 0 };
    const logits = new Float32Array(voxelCount(part.shape) * spec.outputs);
    const planes = inferPlanes(sourceFrom(source, part.begin), part.shape, spec, {
      predict,
      mayGoOn: (done, total) => mayGoOn(firstPart + (1 - firstPart) * (done / total)),
    });
    let at = 0;
    for await (const plane of planes) {
      logits.set(plane, at);
      at += plane.length;
    }
    if (at < logits.length) return null;
    const probabilities = boxProbabilities(logits, part, wanted, classIndex, geometry, plan);
    const begin = likeliest(probabilities, box, seed);
    return { levels: joinLevels(probabilities, wanted.shape, begin), seedLevel: probabilities[begin]! };
  } finally {
    ensemble.dispose();
  }
}

/** Axes of the stored volume, slowest first. */
const partOf = ({ fromIjk: [i, j, k], dimsIjk: [ni, nj, nk] }: VoxelBox): Part => ({ begin: [k, j, i], shape: [nk, nj, ni] });

/** Place in `box` of the most probable voxel of `seed`, which lies in it; of equals the first. */
function likeliest(probabilities: Uint8Array, { fromIjk, dimsIjk: [ni, nj] }: VoxelBox, seed: VoxelBox): number {
  let best = -1;
  for (let k = 0; k < seed.dimsIjk[2]; k++) {
    for (let j = 0; j < seed.dimsIjk[1]; j++) {
      for (let i = 0; i < seed.dimsIjk[0]; i++) {
        const n = seed.fromIjk[0] + i - fromIjk[0] + ni * (seed.fromIjk[1] + j - fromIjk[1] + nj * (seed.fromIjk[2] + k - fromIjk[2]));
        if (best < 0 || probabilities[n]! > probabilities[best]!) best = n;
      }
    }
  }
  return best;
}
