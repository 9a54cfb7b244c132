import { existsSync, readFileSync } from 'node:fs';

/** TensorFlow's CPU kernels refuse bfloat16 convolutions below AVX-512. */
export const cpuRunsBfloat16 = existsSync('/proc/cpuinfo') && /\bavx512bw\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
