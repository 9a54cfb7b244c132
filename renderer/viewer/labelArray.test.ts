import { describe, expect, it } from 'vitest';
import { wideEnough } from './labelArray.ts';

describe('wideEnough', () => {
  it('keeps the array that the brush writes into while the legend ends at 255', () => {
    const bytes = Uint8Array.of(0, 255);
    expect(wideEnough(bytes, [{ labelValue: 255 }, { labelValue: 1 }])).toBe(bytes);
    expect(wideEnough(bytes, [])).toBe(bytes);
  });

  it('widens what is painted when the legend grows beyond, and never narrows it again', () => {
    const wide = wideEnough(Uint8Array.of(0, 7, 255), [{ labelValue: 1 }, { labelValue: 256 }]);
    expect(wide).toEqual(Uint16Array.of(0, 7, 255));
    expect(wideEnough(wide, [{ labelValue: 256 }])).toBe(wide);
    expect(wideEnough(wide, [{ labelValue: 1 }])).toBe(wide);
  });
});
