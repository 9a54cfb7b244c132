/** What can be done with the picture, by key and from the palette. Those of one plane mean the one under the pointer. */
import { VIEW_LAYOUTS } from '../../../main/contract/preferences.ts';
import type { Command } from '../../lib/commands/commands.svelte.ts';
import { t } from '../../lib/messages/messages.svelte.ts';
import type { Viewing } from './viewing.svelte.ts';

export function viewCommands(viewing: Viewing): Command[] {
  const { overlay, cine } = viewing;
  const noCase = (): string | null => (viewing.detail ? null : t('unavailable.noCase'));
  const noMap = (): string | null => noCase() ?? (viewing.detail?.uncertainRevisions.length ? null : t('unavailable.noUncertainty'));
  const noPlaces = (): string | null => noMap() ?? (overlay.places.length > 0 ? null : t('unavailable.noUncertainPlaces'));
  const command = (id: string, title: () => string, shortcuts: readonly string[], run: () => void, rest: Partial<Command> = {}): Command => ({
    id: `view.${id}`,
    title,
    group: 'view',
    shortcuts,
    unavailable: noCase,
    run,
    ...rest,
  });
  return [
    command(
      'fit',
      () => t('command.fit'),
      ['F'],
      () => viewing.reset(),
    ),
    command(
      'onePlane',
      () => t('command.onePlane'),
      ['M'],
      () => viewing.toggleOne(viewing.active),
    ),
    command(
      'nextSlice',
      () => t('command.nextSlice'),
      ['ArrowDown'],
      () => viewing.scrollBy(viewing.active, 1),
      { repeats: true },
    ),
    command(
      'previousSlice',
      () => t('command.previousSlice'),
      ['ArrowUp'],
      () => viewing.scrollBy(viewing.active, -1),
      { repeats: true },
    ),
    ...VIEW_LAYOUTS.map((layout, n) =>
      command(
        `layout.${layout}`,
        () => t('command.layout', { name: t(`view.layout.${layout}`) }),
        [`Shift+${n + 1}`],
        () => viewing.setLayout(layout),
        { unavailable: () => null },
      ),
    ),
    command(
      'cine',
      () => t('command.cine'),
      ['X'],
      () => cine.toggle(),
    ),
    command(
      'invert',
      () => t('command.invert'),
      ['I'],
      () => viewing.toggleInverted(),
    ),
    command(
      'windowByValues',
      () => t('command.windowByValues'),
      [],
      () => viewing.chooseWindow(''),
    ),
    command(
      'flipHorizontal',
      () => t('command.flipHorizontal'),
      [],
      () => viewing.flip(viewing.active, 'horizontal'),
    ),
    command(
      'flipVertical',
      () => t('command.flipVertical'),
      [],
      () => viewing.flip(viewing.active, 'vertical'),
    ),
    command(
      'rotate',
      () => t('command.rotate'),
      [],
      () => viewing.rotate(viewing.active),
    ),
    command(
      'axes',
      () => t('command.axes'),
      [],
      () => viewing.setAxes(viewing.axes === 'patient' ? 'scan' : 'patient'),
    ),
    command(
      'uncertainty',
      () => t('command.uncertainty'),
      ['U'],
      () => overlay.toggleUncertainty(),
      { unavailable: noMap },
    ),
    command(
      'nextUncertain',
      () => t('command.nextUncertain'),
      ['Shift+U'],
      () => overlay.jumpToNextPlace(),
      { unavailable: noPlaces },
    ),
  ];
}
