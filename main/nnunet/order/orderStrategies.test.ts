/** Orders by distribution over many seeds, and each candidate once whatever the strategy. */
import { describe, expect, it } from 'vitest';
import { CaseId } from '../../contract/vocabulary.ts';
import { OrderStrategy, type OrderedCase } from '../../contract/worklistOrder.ts';
import { orderStrategies, type OrderCandidate, type OrderContext } from './orderStrategies.ts';

const caseOf = (name: string, labels: Record<number, number>): OrderCandidate => {
  const found = Object.entries(labels).map(([label, bits]) => ({ labelValue: Number(label), voxelCount: 100, bits }));
  const bits = found.length === 0 ? 0.05 : found.reduce((sum, one) => sum + one.bits, 0) / found.length;
  return { caseId: CaseId.parse(name), uncertainty: { bits, labels: found } };
};
const unmeasured = (name: string): OrderCandidate => ({ caseId: CaseId.parse(name), uncertainty: null });
const context = (change: Partial<OrderContext> = {}): OrderContext => ({
  seed: 0,
  round: 0,
  acceptedCountOfLabel: new Map(),
  nameOf: (labelValue) => `label ${labelValue}`,
  ...change,
});
const seeds = Array.from({ length: 300 }, (_, seed) => seed);
const ids = (cases: readonly OrderedCase[]): string[] => cases.map(({ caseId }) => caseId);

/** 24 livers, every fourth with a tumour; surer and surer. */
const livers = Array.from({ length: 24 }, (_, n) =>
  caseOf(`liver_${String(n).padStart(2, '0')}`, n % 4 === 0 ? { 1: 0.4 - n / 100, 2: 0.5 - n / 100 } : { 1: 0.4 - n / 100 }),
);
const mixed = [...livers, caseOf('empty', {}), unmeasured('new_a'), unmeasured('new_b')];

describe.each(OrderStrategy.options)('%s', (strategy) => {
  const order = orderStrategies[strategy];

  it('names every candidate once, whatever order they come in, and repeats itself', () => {
    const first = order(mixed, context());
    expect([...ids(first)].sort()).toEqual([...mixed.map(({ caseId }) => caseId)].sort());
    expect(order([...mixed].reverse(), context())).toEqual(first);
  });

  it('depends on the seed only where there is chance in it', () => {
    const orders = new Set(seeds.slice(0, 20).map((seed) => ids(order(livers, context({ seed }))).join()));
    if (strategy === 'entropy') expect(orders.size).toBe(1);
    else expect(orders.size).toBeGreaterThan(15);
  });

  it('of nothing is nothing; of cases nobody looked at, a random order', () => {
    expect(order([], context())).toEqual([]);
    const fresh = ['a', 'b', 'c', 'd'].map(unmeasured);
    const first = new Map<string, number>();
    for (const seed of seeds) {
      const [next] = ids(order(fresh, context({ seed })));
      first.set(next!, (first.get(next!) ?? 0) + 1);
    }
    expect([...first.values()].every((count) => count > 45 && count < 105)).toBe(true); // 75 ± 4 σ
  });
});

describe('random', () => {
  it('puts each case first equally often', () => {
    const firsts = seeds.map((seed) => ids(orderStrategies.random(livers, context({ seed })))[0]!);
    const counts = livers.map(({ caseId }) => firsts.filter((one) => one === caseId).length);
    expect(Math.max(...counts)).toBeLessThan(30); // 12.5 expected
    expect(Math.min(...counts)).toBeGreaterThan(1);
  });
});

describe('entropy', () => {
  it('is the least sure first, with what nobody looked at behind', () => {
    const order = orderStrategies.entropy(mixed, context());
    const uncertainties = order.map(({ uncertainty }) => uncertainty);
    expect(uncertainties.slice(0, 25)).toEqual([...uncertainties.slice(0, 25)].sort((a, b) => b! - a!));
    expect(order.slice(25).map(({ reason }) => reason.kind)).toEqual(['notMeasured', 'notMeasured']);
    expect(order[0]).toMatchObject({ caseId: 'liver_00', uncertainty: 0.45, reason: { kind: 'uncertain', bits: 0.45 } });
    expect(order.find(({ caseId }) => caseId === 'empty')!.reason).toEqual({ kind: 'nothingFound', bits: 0.05 });
  });
});

describe('foregroundAwareRandom', () => {
  it('draws classes, not cases: a class in a quarter of the cases comes first in more than a third', () => {
    const firsts = seeds.map((seed) => orderStrategies.foregroundAwareRandom(livers, context({ seed }))[0]!);
    const withTumour = firsts.filter(({ caseId }) => Number(caseId.slice(-2)) % 4 === 0).length / seeds.length;
    // ⅔ · (½ + ½ · ¼) + ⅓ · ¼ = 0.5
    expect(withTumour).toBeGreaterThan(0.39);
    expect(withTumour).toBeLessThan(0.61);
  });
});

describe('classBalanced', () => {
  const order = orderStrategies.classBalanced;
  const kindsOf = (cases: readonly OrderedCase[]) => cases.map(({ reason }) => reason.kind);

  it('gives two thirds of the places to classes, a sixth to uncertainty and a sixth to chance', () => {
    const kinds = seeds.flatMap((seed) => kindsOf(order(livers, context({ seed })).slice(0, 8)));
    const part = (...wanted: string[]): number => kinds.filter((kind) => wanted.includes(kind)).length / kinds.length;
    expect(part('uncertainClass')).toBeCloseTo(0.66, 1);
    expect(part('uncertain')).toBeCloseTo(0.17, 1);
    expect(part('random', 'randomOfClass')).toBeCloseTo(0.17, 1);
  });

  it('gives the turn to the class in the fewest masks and says that it is rare', () => {
    const acceptedCountOfLabel = new Map([
      [1, 20],
      [2, 3],
    ]);
    const cases = order(livers, context({ acceptedCountOfLabel, seed: 4 })).slice(0, 6);
    const byClass = cases.flatMap(({ reason }) => (reason.kind === 'uncertainClass' ? [reason] : []));
    expect(byClass.length).toBeGreaterThan(1);
    for (const reason of byClass) expect(reason).toMatchObject({ labelValue: 2, name: 'label 2', acceptedCaseCount: 3, isRare: true });
  });

  it('finds the tumours sooner than chance does', () => {
    const tumours = (seed: number): number =>
      order(livers, context({ seed }))
        .slice(0, 6)
        .filter(({ caseId }) => Number(caseId.slice(-2)) % 4 === 0).length;
    const mean = seeds.reduce((sum, seed) => sum + tumours(seed), 0) / seeds.length;
    expect(mean).toBeGreaterThan(2.2); // 1.5 by chance
  });

  it('trusts the model more from round to round', () => {
    const oneClass = Array.from({ length: 16 }, (_, n) => caseOf(`case_${n}`, { 1: 0.05 + n * 0.02 }));
    const meanOfFirst = (round: number): number =>
      seeds.reduce((sum, seed) => sum + order(oneClass, context({ seed, round }))[0]!.uncertainty!, 0) / seeds.length;
    const [first, third, sixth] = [meanOfFirst(0), meanOfFirst(2), meanOfFirst(5)];
    expect(first).toBeGreaterThan(0.2 + 0.01); // 0.2 by chance
    expect(third).toBeGreaterThan(first + 0.01);
    expect(sixth).toBeGreaterThan(third);
  });

  it('keeps what is left in its order of uncertainty when a case has been corrected', () => {
    const late = context({ round: 20 });
    const whole = orderStrategies.entropy(livers, late);
    expect(
      ids(
        orderStrategies.entropy(
          livers.filter(({ caseId }) => caseId !== whole[0]!.caseId),
          late,
        ),
      ),
    ).toEqual(ids(whole).slice(1));
  });
});
