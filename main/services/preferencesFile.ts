import { readFileSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FIRST_PREFERENCES, PreferenceChanges, type Preferences } from '../contract/preferences.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { isMissingFile } from '../dataset/readIfThere.ts';

/** Only what was chosen: a later default holds for everybody who left it alone. */
const StoredPreferences = PreferenceChanges.extend({ version: z.literal(1) });

const fileIn = (stateFolder: string): string => join(stateFolder, 'preferences.json');
const parse = (text: string): PreferenceChanges => PreferenceChanges.parse(StoredPreferences.parse(JSON.parse(text)));
const isDamage = (thrown: unknown): thrown is Error => thrown instanceof z.ZodError || thrown instanceof SyntaxError;

/** For whoever cannot wait. A damaged file counts as none; `PreferencesFile` sets it aside. */
export function readPreferencesNow(stateFolder: string): Preferences {
  try {
    return { ...FIRST_PREFERENCES, ...parse(readFileSync(fileIn(stateFolder), 'utf8')) };
  } catch (thrown) {
    if (isMissingFile(thrown) || isDamage(thrown)) return FIRST_PREFERENCES;
    throw thrown;
  }
}

/** What this user has chosen for every project, in a file outside the projects. */
export class PreferencesFile {
  readonly #file: string;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly stateFolder: string) {
    this.#file = fileIn(stateFolder);
  }

  async read(): Promise<Preferences> {
    return { ...FIRST_PREFERENCES, ...(await this.#chosen()) };
  }

  change(changes: PreferenceChanges): Promise<Preferences> {
    const result = this.#turn.then(async () => {
      const chosen = { ...(await this.#chosen()), ...changes };
      await mkdir(this.stateFolder, { recursive: true });
      await writeFileAtomic(this.#file, Buffer.from(`${JSON.stringify({ version: 1, ...chosen }, null, 2)}\n`));
      return { ...FIRST_PREFERENCES, ...chosen };
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #chosen(): Promise<PreferenceChanges> {
    try {
      return parse(await readFile(this.#file, 'utf8'));
    } catch (thrown) {
      if (isMissingFile(thrown)) return {};
      if (!isDamage(thrown)) throw thrown;
      // The window must open; what cannot be read is set aside for whoever wants to mend it.
      console.error(`${this.#file}: ${thrown.message}; kept as preferences.damaged.json`);
      await rename(this.#file, join(this.stateFolder, 'preferences.damaged.json'));
      return {};
    }
  }
}
