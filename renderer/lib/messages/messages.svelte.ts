/** The language of the window. Components and pure functions alike ask `t`; what is drawn with it follows the language. */
import { catalogues, type Language, type MessageKey, type Messages } from './catalogue.ts';
import { messageText, numberText, type Value, type ValuesOf } from './message.ts';

let shown = $state<Language>('en');

export const language = (): Language => shown;
export function setLanguage(wanted: Language): void {
  shown = wanted;
}

/** The text of a message in the language of the window. */
export function t<K extends MessageKey>(key: K, ...values: ValuesOf<Messages[K]>): string {
  return messageText(catalogues[shown][key], shown, values[0] as Readonly<Record<string, Value>> | undefined);
}

export const formatNumber = (value: number, options?: Intl.NumberFormatOptions): string => numberText(value, shown, options);
/** With so many decimal places, thousands not set apart. */
export const formatFixed = (value: number, decimals: number): string =>
  formatNumber(value, { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: false });
export const formatDateTime = (atMs: number): string => new Date(atMs).toLocaleString(shown, { dateStyle: 'short', timeStyle: 'short' });
export const formatDate = (atMs: number): string => new Date(atMs).toLocaleDateString(shown);
export const formatTime = (atMs: number): string => new Date(atMs).toLocaleTimeString(shown);
