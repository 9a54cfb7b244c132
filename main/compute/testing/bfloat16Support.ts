import { existsSync, readFileSync } from 'node:fs';
import { convolvesBfloat16 } from '../device.ts';

export const cpuRunsBfloat16 = existsSync('/proc/cpuinfo') && convolvesBfloat16(readFileSync('/proc/cpuinfo', 'utf8'));
