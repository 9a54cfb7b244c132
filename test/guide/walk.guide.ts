/** The chapters of docs/guide, one after the other. What a chapter leaves behind, the next ones find. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { sendByDimse } from '../../main/dicomNetwork/dimseSending.ts';
import { filesToSend } from '../../main/dicomNetwork/sending.ts';
import { makePhantom } from '../../main/imaging/phantom.ts';
import { freePort, Orthanc } from '../network/orthanc.ts';
import { writeTwoChannelCases } from '../phantoms/twoChannels.ts';
import { writeDicomSeries, type DicomElement } from '../phantoms/writeDicomSeries.ts';
import { GuideWalk, LATER, SOON } from './guideWalk.ts';
import { paintingStrip } from './paintingStrip.ts';

const PROJECT = 'Maskloop phantom CT';
/** Of studies that are sent to the archive. */
const UID = '1.2.826.0.1.3680043.10.999.7';
const PASSPHRASE = 'horse battery staple';
/** With a mask from the start, and without. */
const [MASKED, OPEN, ASKED] = ['abdomen_002', 'abdomen_009', 'abdomen_010'];
/** Of the first training; more on a machine that does much else. */
const MINUTES = process.env.MASKLOOP_GUIDE_MINUTES ?? '2';
let walk: GuideWalk;

beforeAll(async () => {
  walk = await GuideWalk.start();
}, 300_000);
afterAll(() => walk?.stop());
/** A chapter that fails leaves no dialog to those that follow. */
afterEach(({ task }) => (task.result?.state === 'fail' ? walk.keys('Escape', 'Escape') : undefined));

it('starts with a first project', async () => {
  await walk.page.getByText('Try it with a phantom').waitFor(SOON);
  await walk.shoot('start');
  await walk.press('CT of the abdomen');
  await expect.poll(() => walk.page.locator('[data-step=import]').getAttribute('data-done'), SOON).toBe('true');
  await expect.poll(() => walk.page.locator('[data-testid=case][data-status=accepted]').count(), SOON).toBe(8);
  await walk.openCase(MASKED);
  await walk.rest();
  await walk.shoot('first-project');
  await walk.press('Hide');
});

it('learns from the masks that are there', async () => {
  await walk.page.getByRole('tab', { name: 'Train' }).click();
  await walk.choose('Configuration', '2d');
  await walk.page.getByLabel('Amount of training').fill(MINUTES);
  await walk.press('Train');
  await walk.page.locator('[data-testid=run][data-state=running]').waitFor(LATER);
});

it('looks at a case in many ways', async () => {
  await walk.page.getByRole('tab', { name: 'Mask' }).click();
  await walk.page.getByRole('group', { name: 'Layout' }).getByRole('button', { name: 'Two by two, with 3D', exact: true }).click();
  await expect.poll(() => walk.page.getByTestId('threeD').getAttribute('data-surfaces'), SOON).toBe('2');
  await walk.rest();
  await walk.shoot('layout-3d');
  await walk.page.getByRole('group', { name: 'Layout' }).getByRole('button', { name: 'Three planes', exact: true }).click();
  await walk.page.getByLabel('Window preset').selectOption('Soft tissue');
  await walk.press('View options');
  await walk.choose('Slab', 'maximum');
  await walk.page.getByLabel('Slab thickness in mm').fill('30');
  await walk.keys('Tab');
  await walk.shoot('view-options');
  await walk.choose('Slab', 'thin');
  await walk.press('View options');
});

it('measures', async () => {
  await walk.keys('Space');
  await walk.keys('Shift+L');
  await walk.drag([
    [-0.36, 0],
    [0.36, 0],
  ]);
  await walk.keys('Shift+A');
  await walk.drag([
    [-0.2, -0.2],
    [-0.25, 0.05],
  ]);
  await walk.page.mouse.move(...(await walk.at(0.1, -0.1)), { steps: 4 });
  await walk.click(0.1, -0.1);
  await walk.keys('Shift+E');
  await walk.drag([
    [-0.12, 0.05],
    [-0.02, 0.15],
  ]);
  await expect.poll(() => walk.page.getByTestId('measurement').count(), SOON).toBe(3);
  await walk.keys('w');
  await walk.page.getByTestId('measurement').last().scrollIntoViewIfNeeded();
  await walk.rest();
  await walk.shoot('measuring');
  await walk.keys('Space');
});

it('paints with every tool', async () => {
  await walk.openCase(OPEN);
  const layouts = walk.page.getByRole('group', { name: 'Layout' });
  await walk.page.getByTestId('plane-axial').hover();
  await layouts.getByRole('button', { name: 'One plane', exact: true }).click();
  await walk.press('Brush');
  await walk.page.getByLabel('Brush radius in mm').fill('30');
  await walk.press('Brush');
  await walk.click(0.05, 0);
  await walk.click(0.05, 0.05);
  await walk.page.locator('[data-testid=viewer][data-dirty=true]').waitFor(SOON);
  await walk.keys('Control+z'); // from now on a step that can be done again says that the last one was taken back
  await walk.page.getByLabel('Brush radius in mm').fill('14');
  walk.keep('tools', await paintingStrip(walk));
  await layouts.getByRole('button', { name: 'Three planes', exact: true }).click();
  await walk.page.locator('summary', { hasText: 'Operations' }).click();
  await walk.press('Brush');
  await walk.drag(
    [
      [-0.3, -0.02],
      [-0.22, 0.04],
      [-0.12, 0.02],
    ],
    false,
  );
  await walk.shoot('painting');
  await walk.page.mouse.up();
  while (!(await walk.button('Undo').isDisabled())) {
    await walk.keys('Control+z');
    await walk.page.waitForTimeout(200);
  }
  await walk.page.locator('summary', { hasText: 'Operations' }).click();
});

it('shows a training and its verdict', async () => {
  await walk.page.getByRole('tab', { name: 'Train' }).click();
  await walk.page.locator('[data-testid=run][data-state=finished]').waitFor(LATER);
  await walk.rest();
  await walk.shoot('training');
  await walk.press('Details…');
  await walk.page.getByTestId('run-record').waitFor(SOON);
  await walk.shoot('training-details');
  await walk.keys('Escape');
});

it('predicts and asks the model', async () => {
  await walk.press('Predict this case');
  await walk.page.getByRole('tab', { name: 'Mask' }).click();
  await walk.page.locator('[data-testid=revision][data-source^=model]').waitFor(LATER);
  await walk.isShown(OPEN);
  await walk.page.getByTestId('plane-axial').hover();
  await walk.keys('u');
  await walk.page.locator('[data-testid=overlay][data-kind=uncertainty]').waitFor(SOON);
  await walk.rest();
  await walk.shoot('prediction');
  await walk.page.getByLabel('Close the overlay').click();
  await walk.openCase(ASKED);
  await walk.keys('1', 'a');
  await walk.drag([
    [-0.34, -0.2],
    [0.06, 0.16],
  ]);
  await walk.page.getByTestId('prompt-proposal').waitFor(LATER);
  await walk.shoot('ask-model');
  await walk.keys('Enter');
  await walk.page.locator('[data-testid=viewer][data-dirty=true]').waitFor(SOON);
  await walk.keys('Control+s');
  await walk.page.locator('[data-testid=viewer][data-dirty=false]').waitFor(SOON);
});

it('accepts, and is told which case is next', async () => {
  await walk.page.getByRole('tab', { name: 'Train' }).click();
  await walk.press('Predict all');
  await expect.poll(() => walk.page.locator('[data-testid=case][data-status=predicted]').count(), LATER).toBeGreaterThan(1);
  await walk.page.getByRole('tab', { name: 'Mask' }).click();
  await walk.choose('Order of the cases', 'entropy');
  await walk.page.getByTestId('reason').first().waitFor(SOON);
  await walk.press('Next case');
  await walk.page.locator('[data-testid=viewer][data-ready=true][data-dirty=false]').waitFor(SOON);
  await walk.keys('b');
  await walk.drag([
    [-0.15, 0],
    [-0.1, 0.03],
  ]);
  await walk.page.locator('[data-testid=viewer][data-dirty=true]').waitFor(SOON);
  await walk.press('Accept');
  await walk.page.locator('[data-testid=revision][data-accepted=true]').waitFor(SOON);
  await walk.rest();
  await walk.shoot('accepting');
  await walk.page.getByRole('tab', { name: 'Effort' }).click();
  await walk.page.getByRole('img', { name: /^Dice, prediction to accepted/ }).waitFor(SOON);
  await walk.shoot('effort');
});

it('retrains, and a gate judges', async () => {
  await walk.page.getByRole('tab', { name: 'Train' }).click();
  await walk.choose('Unit of training', 'epochs');
  await walk.page.getByLabel('Amount of training').fill('1');
  await walk.press('Retrain');
  await expect.poll(() => walk.page.locator('[data-testid=run][data-state=finished]').count(), LATER).toBe(2);
  await walk
    .button(/^Gate report of/)
    .first()
    .click({ timeout: 300_000 });
  await walk.page.getByTestId('gate-report').waitFor(SOON);
  await walk.shoot('gate');
  await walk.keys('Escape');
  await walk.page.getByRole('tab', { name: 'Mask' }).click();
});

it('exports', async () => {
  await walk.press('Export…');
  await walk.page
    .getByRole('radio', { name: /^DICOM Segmentation/ })
    .first()
    .check();
  await walk.page.getByLabel('Folder to export to').fill(join(walk.folder, 'for the PACS'));
  await walk.dialog().getByRole('button', { name: 'Export', exact: true }).click();
  await walk.page.getByText(/masks were written to|mask was written to/).waitFor(SOON);
  await walk.shoot('export');
  await walk.dialog().getByRole('button', { name: 'Close' }).last().click();
});

it('is set up as its reader wants it', async () => {
  await walk.keys('Control+k');
  await walk.page.getByTestId('palette').waitFor(SOON);
  await walk.page.keyboard.type('fill');
  await walk.shoot('palette');
  await walk.keys('Escape', '?');
  await walk.page.getByTestId('cheat-sheet').waitFor(SOON);
  await walk.shoot('shortcuts');
  await walk.keys('Escape', 'Control+,');
  await walk.dialog().getByRole('tab', { name: 'This computer' }).click();
  await walk.shoot('settings');
  await walk.keys('Escape');
});

it('brings back what was not saved', async () => {
  await walk.openCase(ASKED);
  await walk.keys('b');
  await walk.drag([
    [0, 0],
    [0.15, 0.1],
  ]);
  await walk.page.locator('[data-testid=viewer][data-dirty=true]').waitFor(SOON);
  await walk.page.waitForTimeout(3000); // a journal may be two seconds behind
  await walk.crashAndStartAgain();
  await walk.openProject(PROJECT);
  await walk.press(`Open ${ASKED}`);
  await walk.isShown(ASKED);
  await walk.page.getByTestId('recovery').waitFor(SOON);
  await walk.shoot('recovery');
  await walk.press('Keep');
  await walk.keys('Control+s');
  await walk.page.locator('[data-testid=viewer][data-dirty=false]').waitFor(SOON);
  await walk.closeProject();
});

it('imports a folder, and fuses PET with CT', async () => {
  const studies = join(walk.folder, 'PET and CT');
  mkdirSync(studies);
  await writeTwoChannelCases(studies, 3, 2);
  writeFileSync(join(studies, 'report.nii.gz'), 'not an image');
  await walk.page.getByLabel('Project folder', { exact: true }).fill(join(walk.folder, 'projects', 'PET-CT'));
  await walk.button('New project here').click({ delay: 150 });
  await walk.page.getByTestId('workspace').waitFor(SOON);
  await walk.press('Import…');
  await walk.page.getByLabel('Folder to import').fill(studies);
  await walk.dialog().getByRole('button', { name: 'Import', exact: true }).click();
  await walk.page.getByText(/Import finished/).waitFor(SOON);
  await walk.shoot('import');
  await walk.dialog().getByRole('button', { name: 'Close' }).last().click();
  await walk.openCase('pair_1');
  await walk.inOptions(() => walk.choose('Over the image', { label: 'Fused with PET' }));
  await walk.page.locator('[data-testid=overlay][data-kind=channel]').waitFor(SOON);
  await walk.keys('c');
  await walk.click(0.12, -0.1);
  await walk.rest();
  await walk.shoot('fusion');
});

it('searches a PACS', async () => {
  const orthanc = await Orthanc.start({ modalities: { us: { aeTitle: 'MASKLOOP', port: await freePort() } } });
  try {
    const series = join(walk.folder, 'for the archive');
    mkdirSync(series);
    for (const [n, name] of ['DOE^JANE', 'ROE^RICHARD', 'POE^ANNA'].entries()) {
      const { grid, image } = makePhantom(77 + n);
      const more = (): DicomElement[] => [
        ['00080020', 'DA', `2026110${n + 1}`],
        ['00081030', 'LO', 'MR of the brain'],
        ['00100010', 'PN', name],
        ['0020000d', 'UI', `${UID}.${n}`],
      ];
      writeDicomSeries(grid, image, { patientId: `MR-10${n}`, modality: 'MR', seriesUid: `${UID}.${n}.1`, more }).forEach((bytes, slice) =>
        writeFileSync(join(series, `${n}-${slice}.dcm`), bytes),
      );
    }
    const node = { kind: 'dimse', name: 'Archive', aeTitle: 'ORTHANC', host: '127.0.0.1', port: orthanc.dicomPort, tls: false, retrieveBy: 'get' } as const;
    await sendByDimse({ node, aeTitle: 'MASKLOOP' }, await filesToSend([series], () => {}), {
      stop: { aborted: false },
      onSent: () => {},
      onRefused: (path, why) => expect(`${path}: ${why}`).toBe(''),
    });
    await walk.press('Network…');
    const dialog = walk.page.getByRole('dialog', { name: 'DICOM network' });
    await dialog.getByRole('button', { name: 'Allow the DICOM network' }).click();
    await dialog.getByRole('button', { name: 'Add a node' }).click();
    for (const [label, text] of [
      ['Name', node.name],
      ['AE title', node.aeTitle],
      ['Host', node.host],
      ['Port', String(node.port)],
    ] as const)
      await dialog.getByLabel(label).fill(text);
    await walk.keys('Enter');
    await dialog.getByRole('button', { name: 'Test Archive' }).click();
    await dialog.getByText('Archive answers after').waitFor(SOON);
    await dialog.getByRole('tab', { name: 'Search and retrieve' }).click();
    await dialog.getByLabel('Patient ID').fill('MR*');
    await walk.keys('Enter');
    await dialog.getByTestId('study').first().waitFor(SOON);
    await dialog
      .getByRole('checkbox', { name: /^Study of/ })
      .first()
      .check();
    await dialog.getByRole('button', { name: 'Retrieve and import' }).click();
    await dialog.locator('[data-testid=transfer][data-state=succeeded]').waitFor(SOON);
    await walk.shoot('network');
    await walk.keys('Escape');
  } finally {
    await orthanc.stop();
  }
});

it('is read-only where somebody else has the project open', async () => {
  await walk.closeProject();
  const folder = join(walk.folder, 'projects', PROJECT);
  const holder = { userName: 'Dr. Bob', hostName: 'reading-room-2', processId: 4711, sinceMs: Date.now() };
  writeFileSync(join(folder, '.maskloop.holder.json'), JSON.stringify(holder));
  await walk.openProject(PROJECT);
  await walk.page.getByText('Read-only: you can look and export, but save nothing.').waitFor(SOON);
  await walk.openCase(MASKED);
  await walk.rest();
  await walk.shoot('read-only');
  await walk.closeProject();
});

it('encrypts a project', async () => {
  await walk.page.getByLabel('Project folder', { exact: true }).fill(join(walk.folder, 'projects', 'Ward 7'));
  await walk.page.getByLabel('Encrypt the new project with a passphrase').check();
  await walk.button('New project here').click({ delay: 150 });
  await walk.dialog().getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await walk.dialog().getByLabel('Once more').fill(PASSPHRASE);
  await walk.shoot('passphrase');
  await walk.keys('Escape');
});

it('had nothing to complain about', () => {
  expect(walk.complaints).toEqual([]);
  expect(execFileSync('ls', [join(walk.folder, 'for the PACS')], { encoding: 'utf8' })).not.toBe('');
});
