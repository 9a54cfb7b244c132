import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The real images beside the checkout; a clone elsewhere has none. */
export const SHARED_DATA = fileURLToPath(new URL('../../../shared/data', import.meta.url));
export const hasSharedData = existsSync(SHARED_DATA);
/** For titles of tests that need them. */
export const sharedDataNotice = hasSharedData ? '' : ' (skipped: ../shared/data is not beside this checkout)';
