import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';

/** Cornerstone holds a press back for 400 ms to see whether it becomes a double click; a brush must answer at once. */
const noClickDelay: Plugin = {
  name: 'cornerstone-no-click-delay',
  enforce: 'pre',
  transform(code, id) {
    if (!id.includes('/@cornerstonejs/tools/') || !id.includes('mouseDownListener.js')) return null;
    const patched = code.replace('const DOUBLE_CLICK_TOLERANCE_MS = 400', 'const DOUBLE_CLICK_TOLERANCE_MS = 0');
    if (patched === code) throw new Error('mouseDownListener.js changed: the click delay could not be removed');
    return patched;
  },
};

export default defineConfig({
  root: 'renderer',
  base: './',
  plugins: [noClickDelay, svelte()],
  build: { outDir: '../dist/renderer', emptyOutDir: true, target: 'chrome108', modulePreload: { polyfill: false }, chunkSizeWarningLimit: 8000 },
  worker: { format: 'es' },
});
