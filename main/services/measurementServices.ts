import type { Handlers } from '../contract/api.ts';
import type { Measurement } from '../contract/measurements.ts';
import type { CaseId } from '../contract/vocabulary.ts';
import { readMeasurements, writeMeasurements } from '../dataset/measurementFile.ts';
import { answer } from './answer.ts';
import { requireCase } from './caseSummary.ts';
import type { ProjectSession } from './projectSession.ts';

export function measurementServices(session: ProjectSession): Pick<Handlers, 'measurements.list' | 'measurements.put' | 'measurements.remove'> {
  // one change after the other: each reads what the one before has written
  let turn: Promise<unknown> = Promise.resolve();
  const change = (caseId: CaseId, by: (before: Measurement[]) => Measurement[]): Promise<null> => {
    const changed = turn.then(() =>
      session.during(async ({ store }) => {
        requireCase(store, caseId);
        const file = store.folder.measurements(caseId);
        await writeMeasurements(file, by(await readMeasurements(file)));
        return null;
      }),
    );
    turn = changed.catch(() => undefined);
    return changed;
  };
  const without = (list: readonly Measurement[], id: string): Measurement[] => list.filter(({ measurementId }) => measurementId !== id);
  return {
    'measurements.list': ({ caseId }) =>
      answer(() =>
        session.during(async ({ store }) => {
          requireCase(store, caseId);
          return { measurements: await readMeasurements(store.folder.measurements(caseId)) };
        }),
      ),
    'measurements.put': ({ caseId, measurement }) => answer(() => change(caseId, (before) => [...without(before, measurement.measurementId), measurement])),
    'measurements.remove': ({ caseId, measurementId }) => answer(() => change(caseId, (before) => without(before, measurementId))),
  };
}
