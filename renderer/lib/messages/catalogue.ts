/**
 * Every visible text of the window. A new text is one line in a file of `en/` and one in the file of the same name in
 * `de/`; a missing one fails to compile. Sentences of errors: `errorText.ts`.
 */
import { annotate as annotateDe } from './de/annotate.ts';
import { audit as auditDe } from './de/audit.ts';
import { beside as besideDe } from './de/beside.ts';
import { browse as browseDe } from './de/browse.ts';
import { commands as commandsDe } from './de/commands.ts';
import { common as commonDe } from './de/common.ts';
import { editing as editingDe } from './de/editing.ts';
import { exporting as exportingDe } from './de/exporting.ts';
import { importing as importingDe } from './de/importing.ts';
import { jobs as jobsDe } from './de/jobs.ts';
import { maskPanel as maskPanelDe } from './de/maskPanel.ts';
import { network as networkDe } from './de/network.ts';
import { project as projectDe } from './de/project.ts';
import { recovery as recoveryDe } from './de/recovery.ts';
import { review as reviewDe } from './de/review.ts';
import { settings as settingsDe } from './de/settings.ts';
import { train as trainDe } from './de/train.ts';
import { view as viewDe } from './de/view.ts';
import { workspace as workspaceDe } from './de/workspace.ts';
import { annotate } from './en/annotate.ts';
import { audit } from './en/audit.ts';
import { beside } from './en/beside.ts';
import { browse } from './en/browse.ts';
import { commands } from './en/commands.ts';
import { common } from './en/common.ts';
import { editing } from './en/editing.ts';
import { exporting } from './en/exporting.ts';
import { importing } from './en/importing.ts';
import { jobs } from './en/jobs.ts';
import { maskPanel } from './en/maskPanel.ts';
import { network } from './en/network.ts';
import { project } from './en/project.ts';
import { recovery } from './en/recovery.ts';
import { review } from './en/review.ts';
import { settings } from './en/settings.ts';
import { train } from './en/train.ts';
import { view } from './en/view.ts';
import { workspace } from './en/workspace.ts';
import type { Message } from './message.ts';

const en = {
  ...annotate,
  ...audit,
  ...beside,
  ...browse,
  ...commands,
  ...common,
  ...editing,
  ...exporting,
  ...importing,
  ...jobs,
  ...maskPanel,
  ...network,
  ...project,
  ...recovery,
  ...review,
  ...settings,
  ...train,
  ...view,
  ...workspace,
};
export type MessageKey = keyof typeof en;
export type Messages = typeof en;
const de: Record<MessageKey, Message> = {
  ...annotateDe,
  ...auditDe,
  ...besideDe,
  ...browseDe,
  ...commandsDe,
  ...commonDe,
  ...editingDe,
  ...exportingDe,
  ...importingDe,
  ...jobsDe,
  ...maskPanelDe,
  ...networkDe,
  ...projectDe,
  ...recoveryDe,
  ...reviewDe,
  ...settingsDe,
  ...trainDe,
  ...viewDe,
  ...workspaceDe,
};

export type Language = 'en' | 'de';
export const catalogues: Readonly<Record<Language, Readonly<Record<MessageKey, Message>>>> = { en, de };
/** Each in its own language, as people look for it. */
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch' };

/** Pure: the first wanted language that there is, else English. */
export function bestLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const [primary] = tag.toLowerCase().split('-');
    if (primary === 'en' || primary === 'de') return primary;
  }
  return 'en';
}
