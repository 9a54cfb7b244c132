/**
 * Bytes of equal significance side by side: first bytes of all values, then second bytes …. Neighbouring voxels share
 * sign, exponent and leading bits, so that deflate finds long runs (the filter of HDF5 and Blosc).
 */
export function shuffleBytes(bytes: Uint8Array, valueBytes: number): Uint8Array {
  if (valueBytes === 1) return bytes;
  const count = bytes.length / valueBytes;
  const out = new Uint8Array(bytes.length);
  for (let byte = 0; byte < valueBytes; byte++) {
    const begin = byte * count;
    for (let n = 0, source = byte; n < count; n++, source += valueBytes) out[begin + n] = bytes[source]!;
  }
  return out;
}

/** The inverse of `shuffleBytes`. */
export function unshuffleBytes(bytes: Uint8Array, valueBytes: number): Uint8Array {
  if (valueBytes === 1) return bytes;
  const count = bytes.length / valueBytes;
  const out = new Uint8Array(bytes.length);
  for (let byte = 0; byte < valueBytes; byte++) {
    const begin = byte * count;
    for (let n = 0, target = byte; n < count; n++, target += valueBytes) out[target] = bytes[begin + n]!;
  }
  return out;
}
