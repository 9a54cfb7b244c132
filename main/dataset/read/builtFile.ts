import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A file that scripts/build.mjs lays beside the bundles, which are CommonJS: a thread's entry, a WebAssembly file. `null`
 * from TypeScript sources (tests): the caller then does without.
 */
export function builtFile(name: string): string | null {
  const file = typeof __dirname === 'string' ? join(__dirname, name) : null;
  return file && existsSync(file) ? file : null;
}
