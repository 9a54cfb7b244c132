/** Measurements through the services: kept with the case, changed one by one, refused where they make no sense. */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Measurement } from '../../main/contract/measurements.ts';
import { CaseId, PointLpsMm } from '../../main/contract/vocabulary.ts';
import { ServiceRig } from './serviceRig.ts';

let rig: ServiceRig;
const caseId = CaseId.parse('phantom_001');
beforeEach(async () => {
  rig = ServiceRig.create();
  await rig.createWithPhantoms(2, 1);
});
afterEach(() => rig.dispose());

const at = (x: number, y: number, z: number) => PointLpsMm.parse([x, y, z]);
const length = (to: number, measurementId: string = randomUUID()): Measurement => ({
  measurementId,
  kind: 'length',
  pointsLpsMm: [at(0, 0, 0), at(to, 0, 0)],
  viewPlaneNormal: at(0, 0, -1),
  viewUp: at(0, -1, 0),
  values: null,
});
const listed = async (): Promise<Measurement[]> => (await rig.call('measurements.list', { caseId })).measurements;

describe('measurements of a case', () => {
  it('stay over a new start, those of several writers at once too, and belong to one case', async () => {
    const many = Array.from({ length: 8 }, (_, n) => length(n + 1));
    await Promise.all(many.map((measurement) => rig.call('measurements.put', { caseId, measurement })));
    await rig.call('measurements.put', { caseId, measurement: length(50, many[0]!.measurementId) });
    await rig.call('measurements.remove', { caseId, measurementId: many[1]!.measurementId });
    await rig.restart();
    await rig.call('project.open', { folder: rig.projectFolder });
    expect((await listed()).map(({ pointsLpsMm }) => pointsLpsMm[1]![0])).toEqual([3, 4, 5, 6, 7, 8, 50]);
    expect((await rig.call('measurements.list', { caseId: CaseId.parse('phantom_002') })).measurements).toEqual([]);
  });

  it('are refused without sense or case; a file that cannot be read is said and kept', async () => {
    const measurement = { ...length(3), kind: 'angle' as const };
    expect(await rig.errorOf('measurements.put', { caseId, measurement })).toMatchObject({ code: 'contract/bad-input' });
    expect(await rig.errorOf('measurements.put', { caseId: CaseId.parse('nobody'), measurement: length(3) })).toMatchObject({ code: 'not-found' });
    const file = join(rig.projectFolder, 'cases', caseId, 'measurements.json');
    writeFileSync(file, '{"version":1,"measurements":[{}]}');
    expect(await rig.errorOf('measurements.put', { caseId, measurement: length(3) })).toMatchObject({ code: 'disk/corrupt', path: file });
    expect(readFileSync(file, 'utf8')).toBe('{"version":1,"measurements":[{}]}');
  });
});
