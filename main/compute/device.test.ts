import { describe, expect, it } from 'vitest';
import { convolvesBfloat16, detectDevice, lowestCapability } from './device.ts';
import { loadTensorFlow } from './runtime.ts';

describe('device', () => {
  it('reads the flags of a processor', () => {
    expect(convolvesBfloat16('flags : fpu avx2 avx512f avx512bw avx512_bf16')).toBe(true);
    expect(convolvesBfloat16('flags : fpu avx2 fma')).toBe(false);
    expect(convolvesBfloat16('')).toBe(false);
  });

  it('takes the oldest of several GPUs, and nothing from an error message', () => {
    expect(lowestCapability('8.9\n7.5\n')).toBe(7.5);
    expect(lowestCapability('')).toBeNull();
    expect(lowestCapability('NVIDIA-SMI has failed')).toBeNull();
  });

  it('tells what this machine computes on', async () => {
    const device = detectDevice(await loadTensorFlow());
    expect(['cpu', 'gpu']).toContain(device.kind);
  });
});
