import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The bundle of a thread's entry, beside the compute bundle (scripts/build.mjs), which is CommonJS. `null` from TypeScript
 * sources (tests): the caller then does the work itself.
 */
export function builtThreadFile(name: string): string | null {
  const file = typeof __dirname === 'string' ? join(__dirname, `${name}.cjs`) : null;
  return file && existsSync(file) ? file : null;
}
