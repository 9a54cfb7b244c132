/**
 * Probabilities of one case as a float32 NIfTI file for each output of the network. Planes come in the order of the
 * prediction; they wait in scratch files (4 bytes per voxel and output), so that memory never holds more than one output.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readFile } from '../vault/readSealed.ts';
import { openToWrite, type FileWriter } from '../vault/writeSealed.ts';
import { temporaryPath } from '../dataset/atomicFile.ts';
import type { Plan } from '../nnunet/plan/plan.ts';
import type { CaseGeometry } from '../nnunet/preprocess/preprocess.ts';
import { onStoredGrid, outputCountOf } from '../nnunet/infer/storedClasses.ts';

/** `0-background`, `1-liver` …; regions are counted from 1 in painting order. Safe in file names. */
export function outputNames(plan: Plan): string[] {
  const named = plan.regions
    ? plan.regions.map(({ name }, n) => [n + 1, name] as const)
    : [[0, 'background'] as const, ...plan.classes.map(({ labelValue, name }) => [labelValue, name] as const)];
  return named.map(([number, name]) => `${number}-${name.replace(/[^A-Za-z0-9_-]+/g, '_')}`);
}

export class ProbabilityScratch {
  readonly #folder: string;
  #files: FileWriter[] = [];
  #about: { geometry: CaseGeometry; plan: Plan } | null = null;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Scratch files lie in a hidden folder of `outputFolder`: where the results find room, they do too. */
  static async open(outputFolder: string): Promise<ProbabilityScratch> {
    const folder = temporaryPath(outputFolder, 'probabilities');
    await mkdir(folder);
    return new ProbabilityScratch(folder);
  }

  async add(plane: Float32Array, geometry: CaseGeometry, plan: Plan): Promise<void> {
    const outputs = outputCountOf(plan);
    if (!this.#about) {
      this.#about = { geometry, plan };
      for (let c = 0; c < outputs; c++) this.#files.push(await openToWrite(this.#path(c)));
    }
    const one = new Float32Array(plane.length / outputs);
    for (const [c, file] of this.#files.entries()) {
      for (let n = 0, from = c; n < one.length; n++, from += outputs) one[n] = plane[from]!;
      await file.write(new Uint8Array(one.buffer));
    }
  }

  /** Hands out each output on the stored grid, one after the other; outside the crop it is certainly background. */
  async finish(write: (name: string, probabilities: Float32Array) => Promise<void>): Promise<void> {
    if (!this.#about) return;
    const { geometry, plan } = this.#about;
    await this.#close();
    for (const [c, name] of outputNames(plan).entries()) {
      const bytes = await readFile(this.#path(c));
      const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
      await write(name, onStoredGrid(values, geometry, plan, plan.regions === null && c === 0 ? 1 : 0));
      await rm(this.#path(c));
    }
  }

  async dispose(): Promise<void> {
    await this.#close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #path(output: number): string {
    return join(this.#folder, `${output}.f32`);
  }

  async #close(): Promise<void> {
    for (const file of this.#files) {
      await file.end();
      await file.close();
    }
    this.#files = [];
  }
}
