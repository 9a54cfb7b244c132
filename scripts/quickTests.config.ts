/**
 * The unit tests that `npm run check` runs: everything beside the sources that needs neither TensorFlow nor a compute process.
 * Files share two processes and what they loaded; `npm test` gives each a process of its own.
 */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  plugins: [svelte()],
  test: {
    include: ['{main,models,renderer}/**/*.test.ts'],
    exclude: ['main/compute/**', 'main/workers/**', '**/node_modules/**'],
    pool: 'forks',
    maxWorkers: 2,
    isolate: false,
    testTimeout: 30_000,
  },
});
