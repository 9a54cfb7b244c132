import type { AppApi } from '../../lib/api.ts';

/** Several times within the time after which a background job goes on. */
const ACTIVITY_INTERVAL_MS = 3000;

/** A training in the background holds while somebody paints. Nothing depends on it, so a failure is not worth a notice. */
export function activityTeller(api: AppApi): () => void {
  let toldMs = -Infinity;
  return () => {
    const nowMs = performance.now();
    if (nowMs - toldMs < ACTIVITY_INTERVAL_MS) return;
    toldMs = nowMs;
    void api.call('jobs.userActive', {}).catch(() => undefined);
  };
}
