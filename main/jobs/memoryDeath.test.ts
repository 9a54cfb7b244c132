import { expect, it } from 'vitest';
import { memoryDeath } from './memoryDeath.ts';

const died = (exitCode: number | null, signal: string | null, detail?: string) =>
  memoryDeath({ code: 'job/process-died', exitCode, signal, ...(detail !== undefined && { detail }) });

it.each([
  ['the kernel', died(null, 'SIGKILL'), 'ended its process'],
  ['the kernel, seen through a shell', died(137, null), 'ended its process'],
  ['V8', died(null, 'SIGABRT', 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n 1: 0xb'), 'heap was full'],
  ['the C++ library', died(null, 'SIGABRT', "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc"), 'no more'],
])('recognises %s', (_who, found, words) => expect(found).toContain(words));

it.each([
  ['a crash', died(null, 'SIGSEGV')],
  ['an exit', died(1, null, 'Error: Cannot find module')],
  ['what it printed about something else', died(null, 'SIGABRT', 'node: symbol lookup error')],
])('takes %s for what it is', (_who, found) => expect(found).toBeNull());
