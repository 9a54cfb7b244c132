import { describe, expect, it } from 'vitest';
import { labelsFromBytes, labelsOfType, labelTypeOf } from './labelType.ts';
import { LabelValue } from './vocabulary.ts';

const legendOf = (...values: number[]) => values.map((labelValue) => ({ labelValue }));

describe('label types', () => {
  it('are 8 bits up to the value 255, 16 beyond', () => {
    expect([[], [255, 1], [1, 256], [65_535, 2]].map((values) => labelTypeOf(legendOf(...values)))).toEqual(['uint8', 'uint8', 'uint16', 'uint16']);
  });

  it('end at 65535, and say so', () => {
    expect(LabelValue.safeParse(65_535).success).toBe(true);
    expect(LabelValue.safeParse(65_536).error?.issues.map(({ message }) => message)).toEqual(['label values end at 65535']);
  });

  it('convert only what has the other type', () => {
    const bytes = Uint8Array.of(0, 200);
    expect(labelsOfType(bytes, 'uint8')).toBe(bytes);
    expect(labelsOfType(bytes, 'uint16')).toEqual(Uint16Array.of(0, 200));
    expect(labelsOfType(Uint16Array.of(3), 'uint8')).toEqual(Uint8Array.of(3));
  });

  it('are told by the byte count', () => {
    expect(labelsFromBytes(Uint8Array.of(1, 2).buffer, 2)).toEqual(Uint8Array.of(1, 2));
    expect(labelsFromBytes(Uint16Array.of(300, 2).buffer, 2)).toEqual(Uint16Array.of(300, 2));
    expect(labelsFromBytes(new ArrayBuffer(3), 2)).toBeNull();
  });
});
