import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { JobNews } from '../contract/jobs.ts';
import { PausableClock } from './pausableClock.ts';

it('stands still while the host wants quiet, says so, and tells where it was when it goes on', async () => {
  const news: JobNews[] = [];
  const [pause, stop] = [{ isWanted: false }, { aborted: false }];
  const clock = new PausableClock({ tell: (one) => news.push(one), pause, stop });
  clock.tell({ type: 'progress', progress: { phase: 'training', done: 3, total: 10 } });
  expect(await clock.mayGoOn()).toBe(true);
  expect(news).toHaveLength(1);
  pause.isWanted = true;
  const before = clock.now();
  const held = clock.mayGoOn();
  await sleep(350);
  expect(news.at(-1)).toEqual({ type: 'progress', progress: { phase: 'paused', done: 3, total: 10 } });
  pause.isWanted = false;
  expect(await held).toBe(true);
  expect(clock.now() - before).toBeLessThan(100);
  expect(news.at(-1)).toEqual({ type: 'progress', progress: { phase: 'training', done: 3, total: 10 } });
});

it('can be stopped while it holds', async () => {
  const [pause, stop] = [{ isWanted: true }, { aborted: false }];
  const held = new PausableClock({ tell: () => undefined, pause, stop }).mayGoOn();
  await sleep(20);
  stop.aborted = true;
  expect(await held).toBe(false);
});
