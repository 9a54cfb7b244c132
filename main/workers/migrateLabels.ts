/** Label maps after a change of the legend, as new files beside the old ones. */
import { err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import { labelTypeOf, labelsOfType } from '../contract/labelType.ts';
import type { MigrateLabelsTask } from '../contract/legendChange.ts';
import type { TaskItem } from '../contract/tasks.ts';
import { LARGEST_LABEL_VALUE } from '../contract/vocabulary.ts';
import { readLabelmap, writeLabelmap } from '../dataset/storedVolume.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { breathe } from './wholeCase.ts';

/**
 * Writes all maps of a case of which one has a label that goes, or of which the caller says so; tells one `migratedLabels`
 * for each. The summary is `{ migratedCount }`, and `stopped` when told to stop. Throws nothing.
 */
export async function runMigrateLabels(input: MigrateLabelsTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  try {
    const table = Uint16Array.from({ length: LARGEST_LABEL_VALUE + 1 }, (_, value) => value);
    for (const { from, to } of input.valueMap) table[from] = to;
    let migratedCount = 0;
    for (const [done, one] of input.cases.entries()) {
      port.tell({ type: 'progress', progress: { phase: 'writing', done, total: input.cases.length } });
      await breathe();
      if (port.stop.aborted) return ok({ stopped: true });
      const maps = await Promise.all(one.revisions.map(async (revision) => ({ ...revision, ...(await readLabelmap(revision.labelFile)) })));
      if (!one.always && !maps.some(({ voxels }) => hasChange(voxels, table))) continue;
      for (const { revision, outputFile, grid, voxels } of maps) {
        const mapped = voxels.slice();
        for (let n = 0; n < mapped.length; n++) mapped[n] = table[mapped[n]!]!;
        const { sha256 } = await writeLabelmap(outputFile, grid, labelsOfType(mapped, labelTypeOf(input.legend)));
        const item: TaskItem = { kind: 'migratedLabels', caseId: one.caseId, revision, labelFile: outputFile, labelSha256: sha256 };
        port.tell({ type: 'item', item });
        migratedCount++;
      }
    }
    return ok({ migratedCount });
  } catch (thrown) {
    return err(toAppError(thrown));
  }
}

function hasChange(voxels: LabelArray, table: Uint16Array): boolean {
  for (let n = 0; n < voxels.length; n++) if (table[voxels[n]!] !== voxels[n]) return true;
  return false;
}
