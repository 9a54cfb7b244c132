import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readArrayFile, writeArrayFile } from './arrayFile.ts';

const folder = mkdtempSync(join(tmpdir(), 'maskloop-arrays-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const About = z.object({ version: z.literal(1) });
const arrays = [
  { name: 'a', shape: [3], values: Float32Array.of(1.5, -2, NaN) },
  { name: 'b', shape: [5], values: Uint8Array.of(1, 2, 3, 4, 5) },
  { name: 'c', shape: [0], values: new Uint32Array(0) },
  { name: 'd', shape: [1, 2], values: Uint32Array.of(7, 4294967295) },
];

describe('array files', () => {
  it('give back what was written', async () => {
    const path = join(folder, 'whole.bin');
    await writeArrayFile(path, { version: 1 }, arrays);
    expect(await readArrayFile(path, About)).toEqual({ about: { version: 1 }, arrays });
  });

  it('that are cut anywhere are refused', async () => {
    const path = join(folder, 'cut.bin');
    await writeArrayFile(path, { version: 1 }, arrays);
    const whole = readFileSync(path);
    for (const byteCount of [0, 5, 11, 40, whole.length - 9]) {
      writeFileSync(path, whole.subarray(0, byteCount));
      await expect(readArrayFile(path, About), `${byteCount} bytes`).rejects.toMatchObject({ error: { code: 'disk/corrupt' } });
    }
  });

  it('of another version are refused', async () => {
    const path = join(folder, 'version.bin');
    await writeArrayFile(path, { version: 2 }, arrays);
    await expect(readArrayFile(path, About)).rejects.toMatchObject({ error: { code: 'disk/corrupt' } });
  });
});
