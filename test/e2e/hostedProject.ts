/** A project that the services filled, and the built host with a browser that looks at it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { writeTwoChannelCases } from '../phantoms/twoChannels.ts';
import { ServiceRig } from '../services/serviceRig.ts';
import { openInBrowser, startBrowserHost, type BrowserHost } from './browserHost.ts';

export interface HostedProject {
  readonly host: BrowserHost;
  /** Of the user who looks. */
  readonly stateFolder: string;
  readonly projectFolder: string;
  /** A page of its own with the project open, and what went wrong in it. */
  openPage(viewport: { readonly width: number; readonly height: number }): Promise<{ readonly page: Page; readonly complaints: string[] }>;
  remove(): Promise<void>;
}

/** `fill` makes the project; `root` is a folder of this test's own. */
export async function hostProject(name: string, fill: (rig: ServiceRig, root: string) => Promise<void>, flags: readonly string[] = []): Promise<HostedProject> {
  const root = mkdtempSync(join(tmpdir(), `maskloop-${name}-`));
  const rig = ServiceRig.create(root);
  await fill(rig, root);
  await rig.services.close();
  const stateFolder = join(root, 'browser-state');
  const host = await startBrowserHost(stateFolder, flags);
  return {
    host,
    stateFolder,
    projectFolder: rig.projectFolder,
    async openPage(viewport) {
      const page = await host.browser.newPage({ viewport });
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(String(error.stack)));
      await page.goto(host.link);
      await openInBrowser(page, rig.projectFolder);
      return { page, complaints };
    },
    async remove() {
      await host.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** `pair_1` … of CT and PET, the first `labelledCount` with masks. */
export async function importTwoChannelCases(rig: ServiceRig, root: string, caseCount: number, labelledCount: number): Promise<void> {
  const studies = join(root, 'studies');
  mkdirSync(studies);
  await writeTwoChannelCases(studies, caseCount, labelledCount);
  await rig.call('project.create', { folder: rig.projectFolder });
  await rig.jobEnd((await rig.call('dataset.import', { paths: [studies] })).jobId);
}
