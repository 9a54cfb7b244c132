import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

/** For tests: the compute process, or a thread of it, as it ships: one file. It lies in the checkout, where its external packages are found. */
export async function bundleCompute(name: string, entry = 'compute'): Promise<{ script: string; remove: () => void }> {
  const root = resolve(import.meta.dirname, '../../..');
  const script = join(root, 'dist', 'test', `${name}-${process.pid}.cjs`);
  await build({
    entryPoints: [join(root, `main/workers/${entry}.ts`)],
    outfile: script,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node16',
    external: ['electron', '@tensorflow/tfjs-node', 'libsql'],
    logLevel: 'silent',
  });
  return { script, remove: () => rmSync(script, { force: true }) };
}
