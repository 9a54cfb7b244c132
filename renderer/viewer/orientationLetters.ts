/** Letter of the patient side that a direction in LPS points to; two letters where it is oblique by over ~20 degrees. */
export function orientationLetters(directionLps: readonly number[]): string {
  const OBLIQUE_SHARE = 0.35;
  const named = directionLps.map((value, axis) => ({ share: Math.abs(value), letter: (value > 0 ? 'LPS' : 'RAI')[axis]! }));
  const sorted = named.sort((a, b) => b.share - a.share);
  return sorted
    .filter(({ share }, index) => index === 0 || (index === 1 && share > OBLIQUE_SHARE))
    .map(({ letter }) => letter)
    .join('');
}
