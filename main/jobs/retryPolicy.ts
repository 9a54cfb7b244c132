/** Which failures may go away by themselves, and how long a job waits for that. */
import type { AppError } from '../contract/errors.ts';
import { memoryDeath } from './memoryDeath.ts';

const SECOND_MS = 1000;
/** A node that restarts or is busy is back within two minutes; longer waits are the user's to decide. */
const NETWORK_WAITS_MS = [5 * SECOND_MS, 20 * SECOND_MS, 60 * SECOND_MS];
/** A process that died once may have been unlucky; twice is a reason. */
const DEATH_WAITS_MS = [2 * SECOND_MS];
/** Time for a cluster to notice what it lost. */
const LOST_NODE_WAIT_MS = 5 * SECOND_MS;
/** Another program (a virus scanner, a backup) has the file open. */
const BUSY_FILE_WAITS_MS = [SECOND_MS, 5 * SECOND_MS];

/** Milliseconds before each attempt after a failure with `error`; empty: it would only fail again. `onCluster`: how often a node may be lost. */
export function waitsBeforeRetries(error: AppError, onCluster: number | null = null): readonly number[] {
  switch (error.code) {
    case 'network/unreachable':
      // a name that nobody knows is a typing error
      return error.reason === 'unknown-host' ? [] : NETWORK_WAITS_MS;
    case 'network/rejected':
      return error.reason === 'busy' ? NETWORK_WAITS_MS : [];
    case 'network/incomplete':
      return NETWORK_WAITS_MS;
    case 'disk/busy':
      return BUSY_FILE_WAITS_MS;
    case 'job/process-died':
      if (memoryDeath(error) !== null) return [];
      return onCluster === null ? DEATH_WAITS_MS : lostNodeWaits(onCluster);
    case 'cluster/node-lost':
      return lostNodeWaits(onCluster ?? 0);
    case 'cluster/unreachable':
      return NETWORK_WAITS_MS;
    default:
      return [];
  }
}

const lostNodeWaits = (count: number): number[] => Array.from({ length: count }, () => LOST_NODE_WAIT_MS);
