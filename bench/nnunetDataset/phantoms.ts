/** Six phantoms, five with masks, as a folder to import: the argument. */
import { runPhantoms } from '../../main/workers/phantoms.ts';

const made = await runPhantoms(
  { task: 'phantoms', folder: process.argv[2]!, caseCount: 6, labelledCount: 5, seed: 1 },
  { tell: () => undefined, stop: { aborted: false } },
);
if (!made.ok) throw new Error(JSON.stringify(made.error));
