import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow, runtimeVersion } from './runtime.ts';

/** A bundle like the compute process', in a folder from which only the planted packages can be found. */
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'maskloop-runtime-'));
  buildSync({
    stdin: {
      contents: `import { loadTensorFlow } from './runtime.ts';
        loadTensorFlow().then(() => console.log('loaded'), (e) => console.log(JSON.stringify([e.name, e.kind, e.message])));`,
      resolveDir: import.meta.dirname,
      loader: 'ts',
    },
    outfile: join(folder, 'load.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['@tensorflow/tfjs-node'],
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function loadWith(message: string | null): unknown {
  const planted = join(folder, 'node_modules/@tensorflow/tfjs-node');
  rmSync(planted, { recursive: true, force: true });
  if (message !== null) {
    mkdirSync(planted, { recursive: true });
    writeFileSync(join(planted, 'index.js'), `throw new Error(${JSON.stringify(message)});\n`);
  }
  return JSON.parse(execFileSync(process.execPath, [join(folder, 'load.cjs')], { encoding: 'utf8' }));
}

describe('a runtime that does not load', () => {
  it('is missing when the package is not there', () => {
    expect(loadWith(null)).toEqual(['RuntimeLoadError', 'missing', expect.stringContaining('@tensorflow/tfjs-node')]);
  });

  it.each([
    'The Node.js native addon module (tfjs_binding.node) can not be found at path: /x/napi-v8/tfjs_binding.node. \nPlease run command',
    'libtensorflow.so.2: cannot open shared object file: No such file or directory',
  ])('is missing when it says "%s"', (message) => {
    expect(loadWith(message)).toEqual(['RuntimeLoadError', 'missing', message.split('\n')[0]]);
  });

  it.each(['/x/tfjs_binding.node: undefined symbol: TF_NewGraph', '/x/libtensorflow.so.2: file too short', 'Could not initialize TensorFlow backend.'])(
    'is broken when it says "%s"',
    (message) => expect(loadWith(message)).toEqual(['RuntimeLoadError', 'broken', message]),
  );
});

describe('the installed runtime', () => {
  it('names the versions of its JavaScript and of the native library', async () => {
    expect(runtimeVersion(await loadTensorFlow())).toMatch(/^tfjs-node \d+\.\d+\.\d+, TensorFlow 2\.\d+\.\d+/);
  });
});
