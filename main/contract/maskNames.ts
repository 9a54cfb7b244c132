/** Names of the masks of a case (docs/decisions/0015). */

/** Most characters of a name. */
export const LONGEST_MASK_NAME = 64;

export const isSameMaskName = (a: string, b: string): boolean => a.localeCompare(b, undefined, { sensitivity: 'accent' }) === 0;

/** Pure: `wanted`, cut to what a name may have, with a number behind it where it is taken. */
export function freeMaskName(wanted: string, taken: readonly string[]): string {
  for (let n = 1; ; n++) {
    const ending = n === 1 ? '' : ` ${n}`;
    const name = `${wanted.slice(0, LONGEST_MASK_NAME - ending.length)}${ending}`;
    if (!taken.some((one) => isSameMaskName(one, name))) return name;
  }
}
