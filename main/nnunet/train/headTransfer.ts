/** A new segmentation head on a trained body: what two plans of one project share, output by output. */
import type { NamedArray } from '../../../models/engine.ts';
import type { Plan } from '../plan/plan.ts';

type Outputs = Pick<Plan, 'classes' | 'regions'>;

/**
 * Of each output of `to` the output of `from` that means the same, `null` where none does. Softmax outputs are background
 * and the label values (a project never gives a value to something else); sigmoid outputs are regions, by name.
 */
export function sharedOutputs(from: Outputs, to: Outputs): (number | null)[] {
  if ((from.regions === null) !== (to.regions === null)) return meanings(to).map(() => null);
  const known = meanings(from);
  return meanings(to).map((meaning) => {
    const index = known.indexOf(meaning);
    return index < 0 ? null : index;
  });
}

const meanings = ({ classes, regions }: Outputs): (string | number)[] =>
  regions ? regions.map(({ name }) => name) : [0, ...classes.map(({ labelValue }) => labelValue)];

/** `own` with the columns of `trained` where outputs are shared; both end in the outputs. What is new stays as `own` has it. */
export function withSharedHead(own: NamedArray, trained: NamedArray, shared: readonly (number | null)[]): NamedArray {
  const before = trained.shape[trained.shape.length - 1]!;
  const values = own.values.slice();
  for (let at = 0, row = 0; at < values.length; at += shared.length, row++) {
    for (let output = 0; output < shared.length; output++) {
      const from = shared[output]!;
      if (from !== null) values[at + output] = trained.values[row * before + from]!;
    }
  }
  return { ...own, values };
}
