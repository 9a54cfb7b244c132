/** Operations without a number to choose, for the palette. */
import type { Command } from '../../lib/commands/commands.svelte.ts';
import { t } from '../../lib/messages/messages.svelte.ts';
import type { Operation } from '../../viewer/edit/voxelOperation.ts';
import type { Annotator } from './annotator.svelte.ts';

const AXIAL = 2;
const OPERATIONS = [
  { key: 'fillHoles', operation: { kind: 'fillHoles', acrossAxis: null } },
  { key: 'keepLargest', operation: { kind: 'keepLargest' } },
  { key: 'interpolate', operation: { kind: 'interpolate', acrossAxis: AXIAL } },
] as const satisfies readonly { key: string; operation: Operation }[];

export function operationCommands(annotator: Annotator, noCase: () => string | null): Command[] {
  const { editing } = annotator;
  return [
    ...OPERATIONS.map(({ key, operation }): Command => ({
      id: `operation.${key}`,
      title: () => t(`operation.${key}`),
      group: 'mask',
      unavailable: () => noCase() ?? (editing.running ? t('operation.running', { name: editing.running.name }) : null),
      run: () => void editing.operate(t(`operation.${key}`), operation),
    })),
    {
      id: 'operation.cancel',
      title: () => t('operation.cancelRunning'),
      group: 'mask',
      unavailable: () => (editing.running ? null : t('operation.noneRuns')),
      run: () => editing.cancelOperation(),
    },
  ];
}
