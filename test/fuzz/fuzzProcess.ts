/**
 * The process that reads hostile files: whatever it does (crash, hang, eat memory) is seen from outside.
 * Arguments: the seeds as JSON, first input, number of inputs. Sends the number of each input before it is read.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { readEverything } from '../../main/dataset/testing/readEverything.ts';
import type { FuzzReport } from './fuzzReport.ts';
import { mutate } from './mutate.ts';
import type { FuzzSeed } from './writeSeeds.ts';

const [seedsJson, first, count] = process.argv.slice(2);
const seeds = JSON.parse(seedsJson!) as FuzzSeed[];
const healthy = seeds.map(({ file }) => readFileSync(file));
const tell = (report: FuzzReport) => process.send!(report);

async function run(): Promise<void> {
  for (let input = Number(first); input < Number(first) + Number(count); input++) {
    const which = input % seeds.length;
    const { name, folder, file, isGzipped } = seeds[which]!;
    const bytes = isGzipped ? gzipSync(mutate(gunzipSync(healthy[which]!), input), { level: 1 }) : mutate(healthy[which]!, input);
    writeFileSync(file, bytes);
    tell({ kind: 'begin', input, seed: name });
    try {
      const { outcomes, problems } = await readEverything([folder]);
      const isRead = outcomes.some(
        ({ source, loaded, labels }) => (loaded && source.files.some((one) => basename(one) === basename(file))) || labels.length > 0,
      );
      tell({ kind: 'end', input, isRead, reasons: [...problems, ...outcomes.flatMap(({ error }) => (error ? [error] : []))].map(({ code }) => code) });
    } catch (thrown) {
      tell({ kind: 'thrown', input, seed: name, text: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) });
    }
    writeFileSync(file, healthy[which]!);
  }
  tell({ kind: 'done', peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024) });
}

run().then(
  () => process.disconnect(),
  (thrown: unknown) => {
    throw thrown;
  },
);
