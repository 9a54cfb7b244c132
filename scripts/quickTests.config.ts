/**
 * The unit tests that `npm run check` runs: those of the window and of the folders that compute and nothing else: no TensorFlow,
 * no other process, no server, hardly a disk. Files share two processes and what they loaded; `npm test` gives each its own.
 */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  plugins: [svelte()],
  test: {
    include: ['{models,renderer}/**/*.test.ts', 'main/{contract,export,formats,imaging,nnunet}/**/*.test.ts'],
    // draw many patches; ask other people's programs
    exclude: ['main/nnunet/train/**', 'main/formats/dicomSeg/writeDicomSeg.test.ts', '**/node_modules/**'],
    pool: 'forks',
    maxWorkers: 2,
    isolate: false,
    testTimeout: 30_000,
  },
});
