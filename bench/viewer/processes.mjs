/** What the processes of Chromium need: memory after a collection of garbage, and time of processors, which other programs do not lengthen by much. */
import { readFileSync } from 'node:fs';

/** Of Linux. */
const TICKS_PER_SECOND = 100;

const residentMb = (processId) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))[1]) / 1000;

/** Milliseconds of all threads since the process began. */
function processorMs(processId) {
  const fields = readFileSync(`/proc/${processId}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

export async function processReader({ page, browser, hostProcessId }) {
  const session = await page.context().newCDPSession(page);
  const browserSession = await browser.newBrowserCDPSession();
  const sumOf = async (type, what) => {
    const { processInfo } = await browserSession.send('SystemInfo.getProcessInfo');
    return processInfo.filter((one) => one.type === type).reduce((sum, { id }) => sum + what(id), 0);
  };
  return {
    /** Megabytes. */
    async memory() {
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize, backingStorageSize = 0 } = await session.send('Runtime.getHeapUsage');
      return { heap: usedSize / 1e6, arrays: backingStorageSize / 1e6, page: await sumOf('renderer', residentMb), graphics: await sumOf('GPU', residentMb) };
    },
    /** Milliseconds of page, graphics process and host. */
    async processor() {
      return { page: await sumOf('renderer', processorMs), graphics: await sumOf('GPU', processorMs), host: processorMs(hostProcessId) };
    },
  };
}
