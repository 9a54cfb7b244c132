import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ANATOMIES, makeAnatomyPhantom } from './anatomyPhantom.ts';

const digest = (bytes: Int16Array): string => createHash('sha256').update(new Uint8Array(bytes.buffer)).digest('hex');
const meanOf = (image: Int16Array, labels: Uint8Array, label: number): number => {
  let [sum, count] = [0, 0];
  for (let n = 0; n < image.length; n++) if (labels[n] === label) [sum, count] = [sum + image[n]!, count + 1];
  return sum / count;
};

describe.each(ANATOMIES)('a phantom of the %s', (anatomy) => {
  it('is the same for the same seed and another for another', () => {
    const [one, again, other] = [makeAnatomyPhantom(anatomy, 4), makeAnatomyPhantom(anatomy, 4), makeAnatomyPhantom(anatomy, 5)];
    expect(digest(one.image)).toBe(digest(again.image));
    expect(one.grid).toEqual(again.grid);
    expect(digest(one.image)).not.toBe(digest(other.image));
  });

  it('has its organ and lesions in every study, all within the image', () => {
    for (let seed = 0; seed < 5; seed++) {
      const { labels, grid } = makeAnatomyPhantom(anatomy, seed);
      const count = (label: number): number => labels.reduce((sum, value) => sum + Number(value === label), 0);
      expect(count(1), `organ of ${seed}`).toBeGreaterThan(300);
      expect(count(2), `lesions of ${seed}`).toBeGreaterThan(10);
      expect(count(2)).toBeLessThan(count(1) + count(2));
      const [ni, nj] = grid.dimsIjk;
      const touchesEdge = labels.some((value, n) => value === 2 && (n % ni === 0 || Math.floor(n / ni) % nj === 0));
      expect(touchesEdge).toBe(false);
    }
  });
});

it('the CT is in Hounsfield units, lesions darker than the liver; MR lesions brighter than anything in the brain', () => {
  const ct = makeAnatomyPhantom('abdomen', 1);
  expect(ct.image[0]).toBeLessThan(-900);
  expect(meanOf(ct.image, ct.labels, 1)).toBeGreaterThan(85);
  expect(meanOf(ct.image, ct.labels, 2)).toBeLessThan(meanOf(ct.image, ct.labels, 1) - 35);
  const mr = makeAnatomyPhantom('brain', 1);
  expect(meanOf(mr.image, mr.labels, 2)).toBeGreaterThan(550);
  expect(meanOf(mr.image, mr.labels, 1)).toBeLessThan(150);
});
