import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** `npm run guide`: one walk that takes the pictures of docs/guide. Not a part of `npm test`. */
export default defineConfig({
  root: resolve(import.meta.dirname, '../..'),
  test: { include: ['test/guide/*.guide.ts'], pool: 'forks', testTimeout: 1_200_000, hookTimeout: 300_000 },
});
