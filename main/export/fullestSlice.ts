/** The slice along D with most labelled voxels, of several the one in the middle; of a volume without any the middle one. */
export function fullestSlice(labels: ArrayLike<number>, [depth, height, width]: readonly [number, number, number]): number {
  let most = 0;
  let best = [Math.floor(depth / 2)];
  for (let d = 0, n = 0; d < depth; d++) {
    let count = 0;
    for (const end = n + height * width; n < end; n++) if (labels[n] !== 0) count++;
    if (count > most) [most, best] = [count, [d]];
    else if (count === most && count > 0) best.push(d);
  }
  return best[Math.floor(best.length / 2)]!;
}
