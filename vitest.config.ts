import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/**
 * Three projects, run one after another: `unit` beside the sources, `flows` through the services without a window,
 * `e2e` in Electron and Chromium. The last two start compute processes that use every core, so their files run serially.
 */
export default defineConfig({
  plugins: [svelte()],
  test: {
    // libtensorflow prints its CPU features on load; only its warnings and errors are worth a line.
    env: { TF_CPP_MIN_LOG_LEVEL: '1' },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{main,models,renderer,electron,scripts,bench,test}/**/*.test.{ts,mjs}'],
          exclude: ['test/flows/**', 'test/faults/**', 'test/cluster/**', 'test/e2e/**', 'test/security/electron.test.ts', '**/node_modules/**'],
          pool: 'forks', // native addons are not safe in worker threads that come and go
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      serialProject('flows', 1, ['test/faults/*.test.ts', 'test/cluster/*.test.ts']),
      serialProject('e2e', 2, ['test/security/electron.test.ts']),
    ],
  },
});

/** A project of `test/<name>` whose files run one at a time, after the groups before it. */
function serialProject(name: string, groupOrder: number, more: string[] = []) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`, ...more],
      exclude: ['test/e2e/offline/**', '**/node_modules/**'], // packaged.test.ts runs it without network
      pool: 'forks' as const,
      fileParallelism: false,
      testTimeout: 600_000,
      hookTimeout: 120_000,
      sequence: { groupOrder },
    },
  };
}
