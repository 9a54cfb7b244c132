/** Compute processes that end because memory ran out say so in their exit only. */
import type { AppError } from '../contract/errors.ts';

/** 128 + SIGKILL, as a shell or Electron tells it. */
const KILLED_EXIT_CODE = 137;

/**
 * How memory ended it, in a few words; `null`: it died of something else, or something else went wrong. SIGKILL that nobody sent is the kernel's answer
 * (or that of a control group); V8 and the C++ library print why before they abort.
 */
export function memoryDeath(error: AppError): string | null {
  if (error.code !== 'job/process-died') return null;
  const { exitCode, signal, detail = '' } = error;
  if (signal === 'SIGKILL' || exitCode === KILLED_EXIT_CODE) return 'the system ended its process';
  if (/JavaScript heap out of memory|Array buffer allocation failed|OOM error in V8/i.test(detail)) return "JavaScript's heap was full";
  if (/std::bad_alloc|cannot allocate memory|failed to allocate|out of memory|ENOMEM/i.test(detail)) return 'the system gave it no more';
  return null;
}
