/** Values in [-0.5, 0.5) from a name: FNV-1a, then a 32-bit integer hash; the same in the Python scripts beside. */
export function noise(name: string, count: number): Float32Array {
  let seed = 2166136261;
  for (const char of new TextEncoder().encode(name)) seed = Math.imul(seed ^ char, 16777619);
  return Float32Array.from({ length: count }, (_, index) => {
    let x = (Math.imul(index, 2654435761) + seed) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x45d9f3b) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x45d9f3b) >>> 0;
    return ((x ^ (x >>> 16)) >>> 0) / 4294967296 - 0.5;
  });
}
