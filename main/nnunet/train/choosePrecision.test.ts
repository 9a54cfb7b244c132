import { describe, expect, it } from 'vitest';
import type { ComputeDevice } from '../../../models/engine.ts';
import type { Amp } from '../../contract/vocabulary.ts';
import { choosePrecision } from './choosePrecision.ts';

const old: ComputeDevice = { kind: 'cpu', convolvesBfloat16: false };
const server: ComputeDevice = { kind: 'cpu', convolvesBfloat16: true };
const gpu = (computeCapability: number | null): ComputeDevice => ({ kind: 'gpu', computeCapability });

describe('choosePrecision', () => {
  it.each<[Amp, ComputeDevice, string, RegExp]>([
    ['off', gpu(9), 'float32', /off/],
    ['auto', old, 'float32', /CPU/],
    ['auto', server, 'float32', /converge/],
    ['auto', gpu(6.1), 'float32', /6\.1/],
    ['auto', gpu(7), 'float16', /loss scaling/],
    ['auto', gpu(null), 'float16', /loss scaling/],
    ['bf16', server, 'bfloat16', /not shown to converge/],
    ['bf16', old, 'float32', /AVX-512/],
    ['bf16', gpu(8), 'bfloat16', /asked/],
    ['fp16', gpu(8), 'float16', /^asked for$/],
    ['fp16', server, 'float16', /slower/],
  ])('%s on %o is %s', (amp, device, precision, reason) => {
    const choice = choosePrecision(amp, device);
    expect(choice.precision).toBe(precision);
    expect(choice.reason).toMatch(reason);
  });
});
