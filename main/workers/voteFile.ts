/**
 * Sums the probabilities of several models in a scratch file, plane by plane, so that the models can predict one after the
 * other: memory is that of one model, however many vote. Costs 4 bytes of disk per voxel and output. In an encrypted project
 * the planes are sealed with a key that goes with this object.
 */
import { randomBytes } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { temporaryPath } from '../dataset/atomicFile.ts';
import { vaultKeyOf } from '../vault/keyring.ts';
import { MESSAGE_BYTES, openMessage, sealMessage } from '../vault/sealedMessage.ts';

type Planes = AsyncIterable<Float32Array>;

export class VoteFile {
  readonly #path: string;
  readonly #file: FileHandle;
  /** In memory only. */
  readonly #key: Uint8Array | null;
  #voters = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
    this.#key = vaultKeyOf(path) ? randomBytes(32) : null;
  }

  static async open(folder: string): Promise<VoteFile> {
    const path = temporaryPath(folder, 'votes');
    return new VoteFile(path, await open(path, 'wx+'));
  }

  /** Takes the planes of one more voter; false when there are fewer than `depth`. */
  async add(planes: Planes, depth: number): Promise<boolean> {
    let d = 0;
    for await (const plane of planes) {
      if (this.#voters > 0) await this.#addStored(plane, d);
      const bytes = this.#key ? sealMessage(this.#key, aboutPlane(d), [bytesOf(plane)]) : bytesOf(plane);
      await this.#file.write(bytes, 0, bytes.length, d++ * bytes.length);
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
    const stored = new Uint8Array(plane.byteLength + (this.#key ? MESSAGE_BYTES : 0));
    const { bytesRead } = await this.#file.read(stored, 0, stored.length, d * stored.length);
    if (bytesRead !== stored.length) throw new Error(`${this.#path}: plane ${d} is not there`);
    const bytes = this.#key ? openMessage(this.#key, aboutPlane(d), stored, this.#path, `plane ${d}`) : stored;
    const before = new Float32Array(bytes.buffer, bytes.byteOffset, plane.length);
    for (let n = 0; n < plane.length; n++) plane[n] = plane[n]! + before[n]!;
  }
}

const aboutPlane = (d: number): Uint8Array => new Uint8Array(Uint32Array.of(d).buffer);
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);
