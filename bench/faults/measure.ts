import { runKillRounds } from '../../test/faults/killRounds.ts';
import type { Scenario } from '../../test/faults/order.ts';

/** 200 in all. A training takes its time to load TensorFlow, so it is killed less often. */
const MOMENTS: Readonly<Record<Scenario, number>> = { import: 50, save: 60, export: 40, migrate: 40, train: 10 };

interface Order {
  readonly root: string;
  readonly victimScript: string;
  readonly computeScript: string;
  readonly scale: number;
  readonly seed: number;
  readonly only?: Scenario;
  readonly isEncrypted: boolean;
}

async function measure({ scale, seed, only, isEncrypted, ...bare }: Order): Promise<void> {
  const rig = isEncrypted ? { ...bare, passphrase: 'a passphrase for the bench' } : bare;
  const scenarios = [];
  for (const scenario of only ? [only] : (Object.keys(MOMENTS) as Scenario[])) {
    const rounds = Math.max(1, Math.round(MOMENTS[scenario] * scale));
    const results = await runKillRounds(rig, scenario, rounds, seed, ({ delayMs, promisedCount, wasAtWork, losses }) => {
      console.error(
        `${scenario}: killed after ${delayMs} ms${wasAtWork ? '' : ' (had ended)'}, ${promisedCount} promises so far, ${losses.length === 0 ? 'nothing lost' : losses.join('; ')}`,
      );
    });
    scenarios.push({
      scenario,
      ...(isEncrypted && { isEncrypted }),
      kills: results.length,
      killsAtWork: results.filter(({ wasAtWork }) => wasAtWork).length,
      promises: results.reduce((sum, { newPromises }) => sum + newPromises, 0),
      lossCount: results.reduce((sum, { losses }) => sum + losses.length, 0),
    });
  }
  console.log(JSON.stringify({ seed, measuredAt: new Date().toISOString().slice(0, 10), scenarios }));
}

void measure(JSON.parse(process.argv[2] ?? '{}') as Order);
