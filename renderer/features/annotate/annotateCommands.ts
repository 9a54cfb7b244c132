/** What can be done with the open case and its mask, by key and from the palette. */
import { PAINTED_BACKGROUND } from '../../../main/contract/completeness.ts';
import type { Segment } from '../../../main/contract/vocabulary.ts';
import type { Command } from '../../lib/commands/commands.svelte.ts';
import { t } from '../../lib/messages/messages.svelte.ts';
import type { Annotator } from './annotator.svelte.ts';
import { operationCommands } from './operationCommands.ts';
import { EDIT_TOOLS, MEASURING_TOOLS, SHAPED_TOOLS, toolName, VIEW_TOOLS } from './tools.ts';

const FIRST_OPACITY = 0.5;
const SEGMENT_KEYS = 9;

export function annotateCommands(annotator: Annotator): Command[] {
  const noCase = (): string | null => (annotator.openCase ? null : t('unavailable.noCase'));
  return [
    ...historyCommands(annotator, noCase),
    ...revisionCommands(annotator, noCase),
    ...maskCommands(annotator, noCase),
    ...brushCommands(annotator),
    ...toolCommands(annotator),
    ...operationCommands(annotator, noCase),
    ...displayCommands(annotator, noCase),
  ];
}

type Reason = () => string | null;

function historyCommands(annotator: Annotator, noCase: Reason): Command[] {
  return [
    {
      id: 'mask.undo',
      title: () => t('command.undo'),
      group: 'mask',
      shortcuts: ['Ctrl+Z'],
      repeats: true,
      unavailable: () => noCase() ?? (annotator.undoName ? null : t('unavailable.nothingToUndo')),
      run: () => annotator.undo(),
    },
    {
      id: 'mask.redo',
      title: () => t('command.redo'),
      group: 'mask',
      shortcuts: ['Ctrl+Y', 'Ctrl+Shift+Z'],
      repeats: true,
      unavailable: () => noCase() ?? (annotator.redoName ? null : t('unavailable.nothingToRedo')),
      run: () => annotator.redo(),
    },
  ];
}

function revisionCommands(annotator: Annotator, noCase: Reason): Command[] {
  const cannotAccept = (): string | null => {
    const revisions = annotator.openCase?.revisions ?? [];
    const latest = revisions.find(({ revision }) => revision === annotator.openCase?.latestRevision);
    if (!latest && !annotator.dirty) return t('unavailable.noMask');
    return latest?.accepted && !annotator.dirty ? t('unavailable.accepted') : null;
  };
  return [
    {
      id: 'mask.save',
      title: () => t('command.save'),
      group: 'mask',
      shortcuts: ['Ctrl+S'],
      unavailable: () => noCase() ?? (annotator.dirty ? null : t('unavailable.saved')),
      run: () => void annotator.save(),
    },
    {
      id: 'mask.accept',
      title: () => t('command.accept'),
      group: 'mask',
      shortcuts: ['Ctrl+Enter'],
      unavailable: () => noCase() ?? cannotAccept(),
      run: () => void annotator.accept(),
    },
    {
      id: 'mask.compare',
      title: () => t('command.compareMasks'),
      group: 'mask',
      shortcuts: ['D'],
      unavailable: () => noCase() ?? (annotator.comparison.usual === null ? t('unavailable.nothingToCompare') : null),
      run: () => annotator.comparison.toggle(),
    },
    {
      id: 'mask.toggleSliceComplete',
      title: () => t('command.toggleSliceComplete'),
      group: 'mask',
      shortcuts: ['K'],
      unavailable: () => noCase() ?? (annotator.completeness.unpainted === 'unknown' ? null : t('unavailable.allComplete')),
      run: () => annotator.toggleSliceComplete(),
    },
  ];
}

function maskCommands({ masks }: Annotator, noCase: Reason): Command[] {
  const inTraining = (): string | null => (masks.shown?.isTraining ? t('unavailable.trainingMask') : null);
  return [
    {
      id: 'masks.next',
      title: () => t('command.nextMask'),
      group: 'mask',
      shortcuts: ['Shift+M'],
      unavailable: () => noCase() ?? (masks.next === null ? t('unavailable.oneMask') : null),
      run: () => masks.next !== null && masks.choose(masks.next),
    },
    { id: 'masks.new', title: () => t('command.newMask'), group: 'mask', unavailable: noCase, run: () => masks.ask('new') },
    { id: 'masks.duplicate', title: () => t('command.duplicateMask'), group: 'mask', unavailable: noCase, run: () => masks.ask('duplicate') },
    { id: 'masks.rename', title: () => t('command.renameMask'), group: 'mask', unavailable: noCase, run: () => masks.ask('rename') },
    { id: 'masks.delete', title: () => t('command.deleteMask'), group: 'mask', unavailable: () => noCase() ?? inTraining(), run: () => masks.delete() },
    { id: 'masks.train', title: () => t('command.trainMask'), group: 'mask', unavailable: () => noCase() ?? inTraining(), run: () => void masks.train() },
  ];
}

function brushCommands(annotator: Annotator): Command[] {
  return [
    {
      id: 'brush.smaller',
      title: () => t('command.smallerBrush'),
      group: 'tools',
      shortcuts: ['['],
      repeats: true,
      run: () => annotator.editing.stepRadius(-1),
    },
    { id: 'brush.larger', title: () => t('command.largerBrush'), group: 'tools', shortcuts: [']'], repeats: true, run: () => annotator.editing.stepRadius(1) },
    {
      id: 'brush.background',
      title: () => t('command.paintBackground'),
      group: 'tools',
      shortcuts: ['0'],
      unavailable: () => (annotator.paintsBackground ? null : t('unavailable.noBackground')),
      run: () => annotator.setActiveLabel(PAINTED_BACKGROUND),
    },
  ];
}

function toolCommands(annotator: Annotator): Command[] {
  const shapeless = [...VIEW_TOOLS, ...MEASURING_TOOLS, ...EDIT_TOOLS].filter(({ tool }) => !SHAPED_TOOLS.some((shaped) => shaped.id === tool));
  return [
    ...shapeless.map(({ tool, key }): Command => ({
      id: `tool.${tool}`,
      title: () => t('command.tool', { name: toolName(tool) }),
      group: 'tools',
      shortcuts: [key],
      run: () => annotator.setTool(tool),
    })),
    ...SHAPED_TOOLS.map(({ id, key, tool, shape }): Command => ({
      id: `tool.${id}`,
      title: () => t('command.tool', { name: t(`tool.${id}`) }),
      group: 'tools',
      shortcuts: [key],
      run: () => {
        annotator.editing.set({ shape });
        annotator.setTool(tool);
      },
    })),
  ];
}

function displayCommands(annotator: Annotator, noCase: Reason): Command[] {
  let opacityShown = FIRST_OPACITY;
  const toggleMask = (): void => {
    const { viewer } = annotator;
    if (!viewer) return;
    const hides = viewer.isMaskShown;
    if (hides) opacityShown = annotator.look.opacity;
    annotator.look.setOpacity(hides ? 0 : opacityShown);
    viewer.setMaskShown(!hides);
  };
  return [{ id: 'view.toggleMask', title: () => t('command.toggleMask'), group: 'view', shortcuts: ['Space'], unavailable: noCase, run: toggleMask }];
}

/** The segments that a digit stands for: those with label values 1 to 9. */
export const segmentCommands = (annotator: Annotator, legend: readonly Segment[]): Command[] =>
  legend
    .filter(({ labelValue }) => labelValue >= 1 && labelValue <= SEGMENT_KEYS)
    .map(({ labelValue, name }): Command => ({
      id: `segment.${labelValue}`,
      title: () => t('command.segment', { number: labelValue, name }),
      group: 'mask',
      shortcuts: [String(labelValue)],
      run: () => annotator.setActiveLabel(labelValue),
    }));
