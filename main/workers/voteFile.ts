/**
 * Sums the probabilities of several models in a scratch file, plane by plane, so that the models can predict one after the
 * other: memory is that of one model, however many vote. Costs 4 bytes of disk per voxel and output.
 */
import { randomBytes } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMPORARY_SUFFIX } from '../dataset/atomicFile.ts';

type Planes = AsyncIterable<Float32Array>;

export class VoteFile {
  readonly #path: string;
  readonly #file: FileHandle;
  #voters = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async open(folder: string): Promise<VoteFile> {
    const path = join(folder, `.votes.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`);
    return new VoteFile(path, await open(path, 'wx+'));
  }

  /** Takes the planes of one more voter; false when there are fewer than `depth`. */
  async add(planes: Planes, depth: number): Promise<boolean> {
    let d = 0;
    for await (const plane of planes) {
      if (this.#voters > 0) await this.#addStored(plane, d);
      await this.#file.write(bytesOf(plane), 0, plane.byteLength, d++ * plane.byteLength);
    }
    this.#voters++;
    return d === depth;
  }

  /** The mean of the last voter's planes and all before, in the memory of the last. */
  async *meanWith(planes: Planes): AsyncGenerator<Float32Array, void, undefined> {
    const scale = 1 / (this.#voters + 1);
    let d = 0;
    for await (const plane of planes) {
      await this.#addStored(plane, d++);
      for (let n = 0; n < plane.length; n++) plane[n] = plane[n]! * scale;
      yield plane;
    }
  }

  async dispose(): Promise<void> {
    await this.#file.close();
    await rm(this.#path, { force: true });
  }

  async #addStored(plane: Float32Array, d: number): Promise<void> {
    const stored = new Float32Array(plane.length);
    const { bytesRead } = await this.#file.read(bytesOf(stored), 0, stored.byteLength, d * stored.byteLength);
    if (bytesRead !== stored.byteLength) throw new Error(`${this.#path}: plane ${d} is not there`);
    for (let n = 0; n < plane.length; n++) plane[n] = plane[n]! + stored[n]!;
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);
