/** Megabytes of a page after a collection of garbage, by the protocol of Chromium's own tools. */
import { readFileSync } from 'node:fs';

const residentMb = (processId) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))[1]) / 1000;

export async function memoryReader({ page, browser }) {
  const session = await page.context().newCDPSession(page);
  const browserSession = await browser.newBrowserCDPSession();
  return async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage');
    const { processInfo } = await browserSession.send('SystemInfo.getProcessInfo');
    const resident = (type) => processInfo.filter((one) => one.type === type).reduce((sum, { id }) => sum + residentMb(id), 0);
    return { heap: usedSize / 1e6, arrays: (backingStorageSize ?? 0) / 1e6, page: resident('renderer'), graphics: resident('GPU') };
  };
}
