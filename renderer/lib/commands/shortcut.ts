/**
 * Shortcuts as people read them: `Ctrl+Shift+Z`, `[`, `Space`, `PageDown`. The character counts, not where its key lies,
 * so that `?` and `[` work on every layout; `Ctrl` is the command key on a Mac.
 */
export interface KeyStroke {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  /** AltGr makes characters and is no modifier; some systems report it as Ctrl and Alt. */
  readonly isAltGraph: boolean;
}

export const keyStroke = (event: KeyboardEvent): KeyStroke => ({
  key: event.key,
  code: event.code,
  ctrlKey: event.ctrlKey,
  metaKey: event.metaKey,
  altKey: event.altKey,
  shiftKey: event.shiftKey,
  isAltGraph: event.getModifierState('AltGraph'),
});

const isLetter = (key: string): boolean => key.toLowerCase() !== key.toUpperCase();
const BARE = ['Control', 'Shift', 'Alt', 'AltGraph', 'Meta', 'CapsLock', 'NumLock', 'Dead', 'Process', 'Unidentified', 'Compose', 'Fn'];

function named({ ctrlKey, metaKey, altKey, isAltGraph }: KeyStroke, withShift: boolean, key: string): string {
  const isCtrl = !isAltGraph && (ctrlKey || metaKey);
  return `${isCtrl ? 'Ctrl+' : ''}${altKey && !isAltGraph ? 'Alt+' : ''}${withShift ? 'Shift+' : ''}${key}`;
}

/** Pure: what the stroke may be called, the likeliest first; none for a modifier alone. */
export function shortcutsOf(stroke: KeyStroke): string[] {
  const { key, code, shiftKey } = stroke;
  if (BARE.includes(key) || key === '') return [];
  if (key === ' ') return [named(stroke, shiftKey, 'Space')];
  if ([...key].length > 1) return [named(stroke, shiftKey, key)];
  const found = [named(stroke, shiftKey && isLetter(key), key.toUpperCase())];
  // Greek, Cyrillic …: the letter that a Latin keyboard has there. Rows of digits that give signs: the digit.
  const [, onKey] = /^(?:Key|Digit)([A-Z0-9])$/.exec(code) ?? [];
  const isForeign = isLetter(key) && !/^[a-z]$/i.test(key);
  if (onKey && (isForeign || (/\d/.test(onKey) && !/\d/.test(key)))) found.push(named(stroke, shiftKey, onKey));
  return found;
}

const isMac = (platform: string): boolean => /^Mac/.test(platform);
const MAC_SIGNS: Readonly<Record<string, string>> = { Ctrl: '⌘', Alt: '⌥', Shift: '⇧' };
const ARROWS: Readonly<Record<string, string>> = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓' };

/** Pure: `Ctrl++` is Ctrl and plus. */
export function shortcutKeys(shortcut: string): string[] {
  const parts = shortcut === '+' ? ['+'] : shortcut.endsWith('++') ? [...shortcut.slice(0, -2).split('+'), '+'] : shortcut.split('+');
  return parts;
}

/** Pure: for the eye. */
export const shortcutText = (shortcut: string, platform: string): string =>
  isMac(platform)
    ? shortcutKeys(shortcut)
        .map((key) => MAC_SIGNS[key] ?? ARROWS[key] ?? key)
        .join('')
    : shortcutKeys(shortcut)
        .map((key) => ARROWS[key] ?? key)
        .join('+');
