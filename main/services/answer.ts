import { err, ok, toAppError, type Result } from '../contract/errors.ts';

/** What `work` returns or throws, as the result of a call. */
export async function answer<T>(work: () => T | Promise<T>): Promise<Result<T>> {
  try {
    return ok(await work());
  } catch (thrown) {
    return err(toAppError(thrown));
  }
}
