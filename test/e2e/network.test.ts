/** The network dialog with mouse and keyboard, against a real PACS. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendByDimse } from '../../main/dicomNetwork/dimseSending.ts';
import { filesToSend } from '../../main/dicomNetwork/sending.ts';
import { freePort, hasOrthanc, Orthanc, orthancNotice } from '../network/orthanc.ts';
import { CHROMIUM, startBrowserHost, type BrowserHost } from './browserHost.ts';
import { picture } from './picture.ts';
import { makeStudies } from './walkTheLoop.ts';

describe.skipIf(!existsSync(CHROMIUM) || !hasOrthanc)(`the DICOM network in a browser (needs ${CHROMIUM})${orthancNotice}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-network-e2e-'));
  let host: BrowserHost;
  let orthanc: Orthanc;

  beforeAll(async () => {
    orthanc = await Orthanc.start({ modalities: { us: { aeTitle: 'MASKLOOP', port: await freePort() } } });
    const node = { kind: 'dimse', name: 'pacs', aeTitle: 'ORTHANC', host: '127.0.0.1', port: orthanc.dicomPort, tls: false, retrieveBy: 'get' } as const;
    const files = await filesToSend([join(await makeStudies(folder), 'dicom')], () => {});
    await sendByDimse({ node, aeTitle: 'MASKLOOP' }, files, {
      stop: { aborted: false },
      onSent: () => {},
      onRefused: (path, why) => expect(`${path}: ${why}`).toBe(''),
    });
    host = await startBrowserHost(join(folder, 'state'));
  }, 60_000);
  afterAll(async () => {
    await host?.stop();
    await orthanc?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('adds a node, tests it, finds a study and brings it in; turns the receiver on and off', async () => {
    const page = await host.browser.newPage({ viewport: { width: 1400, height: 900 } });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error.stack)));
    await page.goto(host.link);
    const project = join(folder, 'project');
    mkdirSync(project);
    await page.getByLabel('Project folder', { exact: true }).fill(project);
    await page.getByRole('button', { name: 'New project here' }).click();
    await page.getByRole('button', { name: 'Network…' }).click();
    const dialog = page.getByRole('dialog', { name: 'DICOM network' });
    await dialog.getByRole('button', { name: 'Allow the DICOM network' }).click();
    await dialog.getByText('The DICOM network is off').waitFor();

    await dialog.getByRole('button', { name: 'Add a node' }).click();
    await dialog.getByLabel('Name').fill('pacs');
    await dialog.getByLabel('AE title').fill('NOBODY');
    await dialog.getByLabel('Host').fill('127.0.0.1');
    await dialog.getByLabel('Port').fill(String(orthanc.dicomPort));
    await page.keyboard.press('Enter');
    await dialog.getByRole('button', { name: 'Test pacs' }).click();
    await dialog.getByText("does not go by the AE title 'NOBODY'").waitFor();
    await dialog.getByRole('button', { name: 'Edit pacs' }).click();
    await dialog.getByLabel('AE title').fill('ORTHANC');
    await page.keyboard.press('Enter');
    await dialog.getByRole('button', { name: 'Test pacs' }).click();
    await dialog.getByText('pacs answers after').waitFor();

    await dialog.getByRole('tab', { name: 'Search and retrieve' }).click();
    await dialog.getByLabel('Patient ID').fill('nobody');
    await page.keyboard.press('Enter');
    await dialog.getByText('No study matches').waitFor();
    await dialog.getByLabel('Patient ID').fill('dicom*');
    await page.keyboard.press('Enter');
    await dialog.getByTestId('study').waitFor();
    await dialog.getByRole('button', { name: /^Series of/ }).click();
    await dialog.getByTestId('series').waitFor();
    await dialog.getByRole('checkbox', { name: /^Study of/ }).check();
    await dialog.getByRole('button', { name: 'Retrieve and import' }).click();
    await dialog.locator('[data-testid=transfer][data-state=succeeded]').waitFor({ timeout: 60_000 });
    await picture(page, 'network');

    await dialog.getByRole('tab', { name: 'Receive' }).click();
    await dialog.getByLabel('Port').fill(String(orthanc.dicomPort));
    await dialog.getByRole('button', { name: 'Turn the receiver on' }).click();
    await dialog.getByText(`Port ${orthanc.dicomPort} is used by another program`).waitFor();
    await dialog.getByLabel('Port').fill(String(await freePort()));
    await dialog.getByRole('button', { name: 'Turn the receiver on' }).click();
    await dialog.getByTestId('receiver').waitFor();
    await dialog.getByRole('button', { name: 'Turn the receiver off' }).click();
    await dialog.getByText('The receiver is off').waitFor();
    await page.keyboard.press('Escape');
    expect(await page.getByTestId('case').count()).toBe(1);
    expect(complaints).toEqual([]);
  }, 120_000);
});
