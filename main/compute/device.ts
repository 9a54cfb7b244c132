/** What TensorFlow computes on here. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend';
import type { ComputeDevice } from '../../models/engine.ts';
import type { Tf } from './runtime.ts';

/** TensorFlow's CPU kernels refuse bfloat16 convolutions below AVX-512. `cpuinfo`: text of /proc/cpuinfo, '' where there is none. */
export const convolvesBfloat16 = (cpuinfo: string): boolean => /\bavx512bw\b/.test(cpuinfo);

/** The lowest of all GPUs; null when `nvidia-smi` does not tell. */
export function lowestCapability(listing: string): number | null {
  const found = listing.split('\n').map(Number.parseFloat).filter(Number.isFinite);
  return found.length > 0 ? Math.min(...found) : null;
}

function readCpuinfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return ''; // not Linux
  }
}

export function detectDevice(tf: Tf): ComputeDevice {
  if (!(tf.backend() as NodeJSKernelBackend).isUsingGpuDevice) return { kind: 'cpu', convolvesBfloat16: convolvesBfloat16(readCpuinfo()) };
  const { stdout } = spawnSync('nvidia-smi', ['--query-gpu=compute_cap', '--format=csv,noheader'], { encoding: 'utf8', timeout: 5000 });
  return { kind: 'gpu', computeCapability: lowestCapability(stdout ?? '') };
}
