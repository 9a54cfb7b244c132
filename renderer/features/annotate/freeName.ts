const LONGEST_NAME = 64;

/** Pure: `wanted`, cut to what a name may have, with a number behind it where it is taken. */
export function freeName(wanted: string, taken: readonly string[]): string {
  const isTaken = (name: string): boolean => taken.some((one) => one.toLowerCase() === name.toLowerCase());
  for (let n = 1; ; n++) {
    const ending = n === 1 ? '' : ` ${n}`;
    const name = `${wanted.slice(0, LONGEST_NAME - ending.length)}${ending}`;
    if (!isTaken(name)) return name;
  }
}
