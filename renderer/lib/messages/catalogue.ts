/**
 * Every visible text of the window. A new text is one line in a file of `en/` and one in the file of the same name in
 * `de/`; a missing one fails to compile. Sentences of errors: `errorText.ts`.
 */
import { annotate as annotateDe } from './de/annotate.ts';
import { commands as commandsDe } from './de/commands.ts';
import { common as commonDe } from './de/common.ts';
import { settings as settingsDe } from './de/settings.ts';
import { workspace as workspaceDe } from './de/workspace.ts';
import { annotate } from './en/annotate.ts';
import { commands } from './en/commands.ts';
import { common } from './en/common.ts';
import { settings } from './en/settings.ts';
import { workspace } from './en/workspace.ts';
import type { Message } from './message.ts';

const en = { ...annotate, ...commands, ...common, ...settings, ...workspace };
export type MessageKey = keyof typeof en;
export type Messages = typeof en;
const de: Record<MessageKey, Message> = { ...annotateDe, ...commandsDe, ...commonDe, ...settingsDe, ...workspaceDe };

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
