import { expect, it } from 'vitest';
import { withPaintedBackground } from './paintedBackground.ts';

it('painted background shows where nothing else is painted, and the given labels stay', () => {
  const labels = Uint8Array.of(0, 3, 0, 255);
  expect([...withPaintedBackground(labels, Uint8Array.of(1, 1, 0, 0))]).toEqual([65535, 3, 0, 255]);
  expect([...labels]).toEqual([0, 3, 0, 255]);
});
