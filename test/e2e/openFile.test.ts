/** The program started with a file, as a file manager does: images wait for a project; a second start hands over to the first. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runPhantoms } from '../../main/workers/phantoms.ts';
import { electronCommand, hasElectron, launchElectron } from './electronProgram.ts';

describe.skipIf(!hasElectron)('files opened with the program (needs npm run setup -- --test and a display)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-open-'));
  const image = (n: number): string => join(folder, 'studies/imagesTr', `phantom_00${n}.nii.gz`);
  const stateFolder = join(folder, 'state');
  let app: ElectronApplication;

  beforeAll(async () => {
    const studies = { task: 'phantoms', folder: join(folder, 'studies'), caseCount: 2, labelledCount: 0, seed: 1 } as const;
    await runPhantoms(studies, { tell: () => undefined, stop: { aborted: false } });
    app = await launchElectron(stateFolder, [image(1)]);
  }, 120_000);
  afterAll(async () => {
    await app?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  /** What double-clicking a file does while the program runs. */
  const startAgain = (file: string): void => {
    const { status, stderr } = spawnSync(...electronCommand([file]), {
      env: { ...process.env, MASKLOOP_STATE: stateFolder },
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(status, stderr).toBe(0);
  };

  it('an image waits for a project and is imported into it', async () => {
    const page = await app.firstWindow();
    await expect.poll(() => page.getByTestId('waiting-images').textContent(), { timeout: 30_000 }).toContain(image(1));
    await page.getByLabel('Project folder', { exact: true }).fill(join(folder, 'project'));
    await page.getByRole('button', { name: 'New project here', exact: true }).click();
    await page.getByText('Import finished.').waitFor({ timeout: 60_000 });
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await expect.poll(() => page.getByTestId('case').count()).toBe(1);
  });

  it('another image goes into the project that is open', async () => {
    const page = await app.firstWindow();
    startAgain(image(2));
    await page.getByText('Import finished.').waitFor({ timeout: 60_000 });
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await expect.poll(() => page.getByTestId('case').count()).toBe(2);
  });

  it('a project file opens its project', async () => {
    const page = await app.firstWindow();
    await page.getByRole('button', { name: 'Close project' }).click();
    await page.getByLabel('Project folder', { exact: true }).waitFor();
    expect(await page.getByText('No project is open').count()).toBe(0);
    startAgain(join(folder, 'project/project.mlproj'));
    await page.getByTestId('workspace').waitFor({ timeout: 30_000 });
  });

  it('an encrypted project asks for its passphrase, here and in what its compute processes read', async () => {
    const page = await app.firstWindow();
    const sealed = join(folder, 'sealed');
    await page.getByRole('button', { name: 'Close project' }).click();
    await page.getByLabel('Project folder', { exact: true }).fill(sealed);
    await page.getByLabel('Encrypt the new project with a passphrase').check();
    await page.getByRole('button', { name: 'New project here', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Passphrase', { exact: true }).fill('horse battery staple');
    await page.getByRole('dialog').getByLabel('Once more').fill('horse battery staple');
    await page.getByRole('dialog').getByRole('button', { name: 'Make the project' }).click();
    await page.getByTestId('workspace').waitFor();
    startAgain(image(1));
    await page.getByText('Import finished.').waitFor({ timeout: 60_000 });
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    const stored = readFileSync(join(sealed, 'cases/phantom_001/image_0000.nii'));
    expect(stored.toString('latin1', 0, 8)).toBe('MLSEALED');
    await page.getByRole('button', { name: 'Close project' }).click();
    await page.getByLabel('Project folder', { exact: true }).waitFor();
    expect(await page.getByText('No project is open').count()).toBe(0);
    startAgain(join(sealed, 'project.mlproj'));
    await page.getByRole('dialog').getByLabel('Passphrase', { exact: true }).fill('horse battery staple');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByTestId('case').count(), { timeout: 30_000 }).toBe(1);
    await page.getByTestId('case').click();
    await page.locator('[data-testid=viewer][data-ready=true]').waitFor({ timeout: 60_000 });
  });
});
