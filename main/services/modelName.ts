import type { RunInfo } from '../contract/api.ts';
import type { Provenance } from '../contract/provenance.ts';

/** How exported files call the model of a run. */
export const modelName = ({ runId, configuration }: RunInfo): Pick<Provenance['models'][number], 'runId' | 'algorithmName'> => ({
  runId,
  algorithmName: `nnU-Net ${configuration}`,
});
