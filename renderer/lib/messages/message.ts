/** What a message is and how one becomes text. Numbers and plurals by Intl; nothing here knows which languages there are. */

/** A sentence with `{places}`, or two of them chosen by `{count}`. */
export type Message = string | { readonly one: string; readonly other: string };
export type Value = string | number;

type Places<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Places<Rest> : never;
type Sentence<M> = M extends string
  ? M
  : M extends { readonly one: infer One extends string; readonly other: infer Other extends string }
    ? One | Other
    : never;
type PlacesOf<M> = Places<Sentence<M>> | (M extends string ? never : 'count');
/** The second argument that a message asks for: none, or one value for each of its places. */
export type ValuesOf<M> = [PlacesOf<M>] extends [never] ? [] : [values: { readonly [Name in PlacesOf<M>]: Name extends 'count' ? number : Value }];

const numberFormats = new Map<string, Intl.NumberFormat>();
const pluralRules = new Map<string, Intl.PluralRules>();

function kept<T>(made: Map<string, T>, key: string, make: () => T): T {
  const known = made.get(key);
  if (known !== undefined) return known;
  const fresh = make();
  made.set(key, fresh);
  return fresh;
}

export function numberText(value: number, locale: string, options: Intl.NumberFormatOptions = {}): string {
  return kept(numberFormats, `${locale} ${JSON.stringify(options)}`, () => new Intl.NumberFormat(locale, options)).format(value);
}

/** Pure. Throws on a place without a value: the types allow none. */
export function messageText(message: Message, locale: string, values: Readonly<Record<string, Value>> = {}): string {
  return sentenceOf(message, locale, values).replace(/\{(\w+)\}/g, (_place, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`message without a value for {${name}}`);
    return typeof value === 'number' ? numberText(value, locale) : value;
  });
}

function sentenceOf(message: Message, locale: string, values: Readonly<Record<string, Value>>): string {
  if (typeof message === 'string') return message;
  const rule = kept(pluralRules, locale, () => new Intl.PluralRules(locale)).select(Number(values.count));
  return rule === 'one' ? message.one : message.other;
}

/** The names of the places of a message, in alphabetical order, each once. */
export function placesOf(message: Message): string[] {
  const sentences = typeof message === 'string' ? [message] : [message.one, message.other];
  return [...new Set(sentences.flatMap((sentence) => [...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!)))].sort();
}
