import { fileURLToPath } from 'node:url';
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

/** Where there is no WebGL, Cornerstone's viewports for processors draw, but the engine around them makes and draws a WebGL window all the same. */
const engineWithoutWebGl: Plugin = {
  name: 'cornerstone-engine-without-webgl',
  enforce: 'pre',
  transform(code, id) {
    if (!id.includes('/@cornerstonejs/core/') || !id.includes('vtkOffscreenMultiRenderWindow.js')) return null;
    const guarded = ['model.interactor.initialize();', 'model.renderWindow.render();'];
    if (!guarded.every((call) => code.includes(call))) throw new Error('vtkOffscreenMultiRenderWindow.js changed: devices without WebGL could not be drawn on');
    const patched = guarded.reduce((text, call) => text.replaceAll(call, `if (getRenderingCapabilities().webgl) ${call}`), code);
    return `import { getRenderingCapabilities } from '../../utilities/renderingCapabilities.js';\n${patched}`;
  },
};

const OUR_SAMPLING = fileURLToPath(new URL('renderer/viewer/processor/cornerstoneSampling.ts', import.meta.url));

/** Drawing by the processor: the voxels under the pixels of a plane are found by our own sampling, several times as fast. */
const ownSampling: Plugin = {
  name: 'cornerstone-own-sampling',
  enforce: 'pre',
  transform(code, id) {
    if (!id.includes('/@cornerstonejs/core/') || !id.includes('PlanarCPUScalarViewportSampler.js')) return null;
    const patched = code.replace(
      'sampleAxisAligned(args) {',
      'sampleAxisAligned(args) {\n        const sampled = sampleForCornerstone(args);\n        if (sampled) return sampled;',
    );
    if (patched === code) throw new Error('PlanarCPUScalarViewportSampler.js changed: planes would be sampled slowly');
    return `import { sampleForCornerstone } from ${JSON.stringify(OUR_SAMPLING)};\n${patched}`;
  },
};

/** Where Cornerstone draws by the processor, it makes canvases of the graphics card, which is an imitation there: each picture would go to it and back. */
const DRAWN_BY_PROCESSOR = [
  'cpuFallback/rendering/initializeRenderCanvas.js',
  'cpuFallback/rendering/renderGrayscaleImage.js',
  'cpuFallback/rendering/renderPseudoColorImage.js',
  'Planar/CpuVolumeSliceRenderPath.js',
  'Planar/PlanarViewport.js',
  'CanvasActor/index.js',
];
const canvasesInMemory: Plugin = {
  name: 'cornerstone-canvases-in-memory',
  enforce: 'pre',
  transform(code, id) {
    if (!id.includes('/@cornerstonejs/core/') || !DRAWN_BY_PROCESSOR.some((file) => id.includes(file))) return null;
    const patched = code.replaceAll("getContext('2d')", "getContext('2d', { willReadFrequently: true })");
    if (patched === code) throw new Error(`${id} changed: drawing by the processor would be slow`);
    return patched;
  },
};

/** Cornerstone's drawing by the processor keeps fractions of PET only; an image of values from 0 to 1 would have two greys. */
const FRACTIONS: readonly { readonly file: string; readonly from: string; readonly to: string }[] = [
  { file: 'Planar/PlanarCPUVolumeSampler.js', from: "return volume.metadata?.Modality === 'PT';", to: "return volume.dataType === 'Float32Array';" },
  {
    file: 'cpuFallback/rendering/renderGrayscaleImage.js',
    from: "viewport.modality === 'PT' && image.isPreScaled",
    to: 'image.voxelManager.getScalarData() instanceof Float32Array',
  },
  {
    file: 'cpuFallback/rendering/renderPseudoColorImage.js',
    from: "viewport.modality === 'PT'",
    to: 'image.voxelManager.getScalarData() instanceof Float32Array',
  },
];
const fractionsKept: Plugin = {
  name: 'cornerstone-fractions-kept',
  enforce: 'pre',
  transform(code, id) {
    const place = id.includes('/@cornerstonejs/core/') ? FRACTIONS.find(({ file }) => id.includes(file)) : undefined;
    if (!place) return null;
    if (!code.includes(place.from)) throw new Error(`${place.file} changed: images of fractions would be drawn in few greys`);
    return code.replace(place.from, place.to);
  },
};

export default defineConfig({
  root: 'renderer',
  base: './',
  plugins: [noClickDelay, engineWithoutWebGl, ownSampling, canvasesInMemory, fractionsKept, svelte()],
  build: { outDir: '../dist/renderer', emptyOutDir: true, target: 'chrome108', modulePreload: { polyfill: false }, chunkSizeWarningLimit: 8000 },
  worker: { format: 'es' },
});
