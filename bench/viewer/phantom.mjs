/** A case of 512 × 512 × 300 by formula, as NIfTI-1, uncompressed: a ball of soft tissue in air with a grain. */
import { writeFileSync } from 'node:fs';

export const DIMS = [512, 512, 300];

/** `shift`: of the ball, in voxels. */
export function writePhantom(path, shift = 0) {
  const [ni, nj, nk] = DIMS;
  const header = Buffer.alloc(352);
  header.writeInt32LE(348, 0);
  [3, ni, nj, nk, 1, 1, 1, 1].forEach((value, n) => header.writeInt16LE(value, 40 + 2 * n));
  header.writeInt16LE(4, 70); // int16
  header.writeInt16LE(16, 72);
  [1, 0.8, 0.8, 1.5].forEach((value, n) => header.writeFloatLE(value, 76 + 4 * n));
  header.writeFloatLE(352, 108);
  header.writeInt16LE(1, 254); // sform
  [
    [0.8, 0, 0, -204],
    [0, 0.8, 0, -204],
    [0, 0, 1.5, -225],
  ].forEach((row, r) => row.forEach((value, c) => header.writeFloatLE(value, 280 + 16 * r + 4 * c)));
  header.write('n+1\0', 344, 'latin1');
  const voxels = new Int16Array(ni * nj * nk);
  for (let k = 0, n = 0; k < nk; k++)
    for (let j = 0; j < nj; j++)
      for (let i = 0; i < ni; i++, n++)
        voxels[n] = (Math.hypot(i - 256 - shift, j - 256, (k - 150) * 1.9) < 230 ? 40 : -1000) + ((i * 7 + j * 13 + k * 29) % 31);
  writeFileSync(path, Buffer.concat([header, Buffer.from(voxels.buffer)]));
}
