import { AppException } from '../errors.ts';

/** For tests: the `AppError` that `run` throws, or whatever else it throws; `undefined` when it does not. */
export function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (thrown) {
    return thrown instanceof AppException ? thrown.error : thrown;
  }
  return undefined;
}
