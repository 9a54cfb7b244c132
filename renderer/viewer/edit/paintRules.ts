/** Which labels a tool may change: the masking options of the user, worked out for the numbers that stand in the mask. */
import { PAINTED_BACKGROUND } from '../../../main/contract/completeness.ts';

export const PAINT_OVER = ['everything', 'background', 'shown'] as const;
export type PaintOver = (typeof PAINT_OVER)[number];

export interface PaintRules {
  /** `shown`: background and the segments that are not hidden. */
  readonly over: PaintOver;
  /** Label values that no tool changes, neither adding to them nor taking from them. */
  readonly locked: ReadonlySet<number>;
  readonly hidden: ReadonlySet<number>;
}

const TABLE_LENGTH = 65_536;
const isBackground = (labelValue: number): boolean => labelValue === 0 || labelValue === PAINTED_BACKGROUND;

/** By slot, 1 where the active segment may be painted. */
export function paintable({ over, locked, hidden }: PaintRules, active: number, valueOf: (slot: number) => number): Uint8Array {
  return tableOf(valueOf, (value) => {
    if (locked.has(active) || locked.has(value)) return false;
    if (isBackground(value) || value === active) return true;
    return over === 'everything' || (over === 'shown' && !hidden.has(value));
  });
}

/** By slot, 1 where a voxel may become background. Painting over background only means erasing of the active segment only. */
export function erasable({ over, locked, hidden }: PaintRules, active: number, valueOf: (slot: number) => number): Uint8Array {
  return tableOf(valueOf, (value) => {
    if (value === 0 || locked.has(value)) return false;
    if (over === 'background') return value === active;
    return over === 'everything' || !hidden.has(value);
  });
}

function tableOf(valueOf: (slot: number) => number, may: (labelValue: number) => boolean): Uint8Array {
  const table = new Uint8Array(TABLE_LENGTH);
  for (let slot = 0; slot < TABLE_LENGTH; slot++) if (may(valueOf(slot))) table[slot] = 1;
  return table;
}
