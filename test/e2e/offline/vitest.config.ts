/** Run by test/e2e/packaged.test.ts in a network of its own, with nothing of the checkout's runtimes in sight. */
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { root: import.meta.dirname, include: ['packagedWalk.test.ts'], testTimeout: 900_000, hookTimeout: 120_000 } });
