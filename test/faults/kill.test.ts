/** SIGKILL at moments nobody chose: whatever was acknowledged is there afterwards, bit for bit. All moments: npm run bench -- faults */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platform } from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openProject } from '../../main/dataset/projectStore.ts';
import { bundleCompute } from '../../main/workers/testing/bundleCompute.ts';
import { type FaultRig, killWithLeftover, runKillRounds } from './killRounds.ts';
import type { Scenario } from './order.ts';

/** Of the 200 of the benchmark. */
const MOMENTS: readonly (readonly [Scenario, number])[] = [
  ['import', 3],
  ['save', 4],
  ['export', 3],
  ['migrate', 4],
  ['train', 1],
];
const canKill = platform !== 'win32';

describe.skipIf(!canKill)(`kill -9${canKill ? '' : ' (skipped: Windows has no process groups to kill)'}`, () => {
  let rig: FaultRig;
  const removers: (() => void)[] = [];

  beforeAll(async () => {
    const root = mkdtempSync(join(tmpdir(), 'maskloop-faults-'));
    const [victim, compute] = await Promise.all([bundleCompute('faultVictim', '../../test/faults/victim'), bundleCompute('faultCompute')]);
    removers.push(victim.remove, compute.remove, () => rmSync(root, { recursive: true, force: true }));
    rig = { root, victimScript: victim.script, computeScript: compute.script };
  }, 120_000);
  afterAll(() => removers.forEach((remove) => remove()));

  it.each(MOMENTS)(
    'in the middle of: %s (%i moments)',
    async (scenario, rounds) => {
      const results = await runKillRounds(rig, scenario, rounds, 20261130);
      expect(results.flatMap(({ losses }) => losses)).toEqual([]);
      expect(results.some(({ wasAtWork }) => wasAtWork)).toBe(true);
    },
    240_000,
  );

  it('in the middle of: export, in an encrypted project (2 moments)', async () => {
    const results = await runKillRounds({ ...rig, root: join(rig.root, 'encrypted'), passphrase: 'a passphrase for tests' }, 'export', 2, 20261130);
    expect(results.flatMap(({ losses }) => losses)).toEqual([]);
    expect(results.some(({ wasAtWork }) => wasAtWork)).toBe(true);
  }, 240_000);

  it('an export leaves nothing in the folder of the user once its project is opened again, and takes nothing of anybody else', async () => {
    const { projectFolder, outputFolder, leftovers } = await killWithLeftover(rig, 7);
    const strangers = ['.mine.export-20260101-000000-abcdef.0123456789ab.maskloop-tmp', `not-hidden${leftovers[0]!.slice(1)}`, 'notes.txt'];
    for (const name of strangers) writeFileSync(join(outputFolder, name), 'mine');
    const whole = readdirSync(outputFolder).filter((name) => name.endsWith('.nii.gz'));
    (await openProject(projectFolder)).close();
    const left = readdirSync(outputFolder);
    expect(left.filter((name) => leftovers.includes(name))).toEqual([]);
    expect(left).toEqual(expect.arrayContaining([...strangers, ...whole]));
  }, 240_000);

  it('is looked at closely: a mask that goes missing behind its back is found', async () => {
    const sabotage = (folder: string): void => {
      for (const caseName of readdirSync(join(folder, 'cases'))) rmSync(join(folder, 'cases', caseName, 'labels', 'r0001.nii.gz'), { force: true });
    };
    const [result] = await runKillRounds({ ...rig, root: join(rig.root, 'sabotage') }, 'save', 1, 1, undefined, sabotage);
    expect(result!.losses).toEqual(expect.arrayContaining([expect.stringContaining('maskMissing')]));
  }, 240_000);
});
