import type { Handlers } from '../contract/api.ts';
import { answer } from './answer.ts';
import type { EffortMeter } from './effortMeter.ts';
import { effortRounds } from './effortRounds.ts';
import type { ProjectSession } from './projectSession.ts';

export function effortServices(session: ProjectSession, meter: EffortMeter): Pick<Handlers, 'effort.list'> {
  return {
    'effort.list': () =>
      answer(async () => {
        await meter.compareMissing();
        const cases = await session.during(({ store }) => meter.efforts(store));
        return { cases, rounds: effortRounds(cases) };
      }),
  };
}
