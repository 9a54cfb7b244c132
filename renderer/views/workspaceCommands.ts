import type { CaseId } from '../../main/contract/vocabulary.ts';
import type { Command } from '../lib/commands/commands.svelte.ts';
import { t } from '../lib/messages/messages.svelte.ts';

export const PANELS = ['mask', 'train', 'effort'] as const;
export type PanelName = (typeof PANELS)[number];
export type DialogName = 'import' | 'export' | 'network' | 'compare' | 'audit';

interface Desk {
  readonly openCaseId: CaseId | null;
  readonly caseCount: number;
  readonly nextToCorrect: CaseId | null;
  /** In the order of the worklist. */
  neighbour(step: 1 | -1): CaseId | null;
  readonly mayVerifyAudit: boolean;
  openCase(caseId: CaseId | null): void;
  toggleCompare(): void;
  showDialog(name: DialogName): void;
  showPanel(name: PanelName): void;
  closeProject(): void;
}

/** What can be done in the workspace, whichever case is open. The desk is asked when a command is shown or run. */
export function workspaceCommands(desk: Desk): Command[] {
  const noCases = (): string | null => (desk.caseCount === 0 ? t('unavailable.noCases') : null);
  const noCase = (): string | null => (desk.openCaseId ? null : t('unavailable.noCase'));
  const dialog = (name: DialogName) => (): void => desk.showDialog(name);
  return [
    { id: 'view.compare', title: () => t('command.compare'), group: 'view', shortcuts: ['Shift+7'], unavailable: noCase, run: () => desk.toggleCompare() },
    { id: 'view.compareWith', title: () => t('command.compareWith'), group: 'view', unavailable: noCase, run: dialog('compare') },
    {
      id: 'case.next',
      title: () => t('command.nextCase'),
      group: 'cases',
      shortcuts: ['PageDown'],
      unavailable: noCases,
      run: () => desk.openCase(desk.neighbour(1)),
    },
    {
      id: 'case.previous',
      title: () => t('command.previousCase'),
      group: 'cases',
      shortcuts: ['PageUp'],
      unavailable: noCases,
      run: () => desk.openCase(desk.neighbour(-1)),
    },
    {
      id: 'case.nextToCorrect',
      title: () => t('command.nextToCorrect'),
      group: 'cases',
      shortcuts: ['Shift+N'],
      unavailable: () => (desk.nextToCorrect ? null : t('unavailable.nothingToCorrect')),
      run: () => desk.openCase(desk.nextToCorrect),
    },
    { id: 'project.import', title: () => t('command.import'), group: 'project', shortcuts: ['Ctrl+I'], run: dialog('import') },
    { id: 'project.export', title: () => t('command.export'), group: 'project', shortcuts: ['Ctrl+E'], unavailable: noCases, run: dialog('export') },
    { id: 'project.network', title: () => t('command.network'), group: 'project', run: dialog('network') },
    {
      id: 'project.audit',
      title: () => t('command.audit'),
      group: 'project',
      unavailable: () => (desk.mayVerifyAudit ? null : t('unavailable.role')),
      run: dialog('audit'),
    },
    { id: 'project.close', title: () => t('command.closeProject'), group: 'project', run: () => desk.closeProject() },
    ...PANELS.map((name, index): Command => ({
      id: `view.panel.${name}`,
      title: () => t('command.panel', { name: t(`workspace.panel.${name}`) }),
      group: 'view',
      shortcuts: [`Alt+${index + 1}`],
      run: () => desk.showPanel(name),
    })),
  ];
}
