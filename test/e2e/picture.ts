import { join } from 'node:path';
import type { Page } from 'playwright-core';

/** Of the window as it is, in the folder that MASKLOOP_SCREENSHOTS names; without it nothing is done. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.MASKLOOP_SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
}
