import { describe, expect, it } from 'vitest';
import { shortcutKeys, shortcutsOf, shortcutText, type KeyStroke } from './shortcut.ts';

const stroke = (key: string, code: string, held: Partial<KeyStroke> = {}): KeyStroke => ({
  key,
  code,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  isAltGraph: false,
  ...held,
});

describe('shortcutsOf', () => {
  it.each([
    ['a letter', stroke('b', 'KeyB'), ['B']],
    ['with caps lock on', stroke('B', 'KeyB'), ['B']],
    ['shift counts with letters', stroke('Z', 'KeyZ', { ctrlKey: true, shiftKey: true }), ['Ctrl+Shift+Z']],
    ['the command key of a Mac', stroke('z', 'KeyZ', { metaKey: true }), ['Ctrl+Z']],
    ['shift makes the sign and is no modifier of it', stroke('?', 'Slash', { shiftKey: true }), ['?']],
    ['Space', stroke(' ', 'Space'), ['Space']],
    ['named keys', stroke('PageDown', 'PageDown', { shiftKey: true }), ['Shift+PageDown']],
    ['German Y and Z are swapped: the character counts', stroke('z', 'KeyY', { ctrlKey: true }), ['Ctrl+Z']],
    ['a German bracket by AltGr, told as Ctrl and Alt on Windows', stroke('[', 'Digit8', { ctrlKey: true, altKey: true, isAltGraph: true }), ['[', '8']],
    ['a Russian layout has the Latin letter as well', stroke('я', 'KeyZ', { ctrlKey: true }), ['Ctrl+Я', 'Ctrl+Z']],
    ['French digits lie above signs', stroke('&', 'Digit1'), ['&', '1']],
    ['an American ! is no 1', stroke('!', 'Digit1', { shiftKey: true }), ['!', 'Shift+1']],
    ['a modifier alone', stroke('Control', 'ControlLeft', { ctrlKey: true }), []],
    ['the first half of an accent', stroke('Dead', 'BracketLeft'), []],
  ])('%s', (_what, given, expected) => expect(shortcutsOf(given)).toEqual(expected));
});

describe('for the eye', () => {
  it('keeps a plus that is a key', () => {
    expect(shortcutKeys('+')).toEqual(['+']);
    expect(shortcutKeys('Ctrl++')).toEqual(['Ctrl', '+']);
  });
  it('speaks as the system does', () => {
    expect(shortcutText('Ctrl+Shift+Z', 'Linux x86_64')).toBe('Ctrl+Shift+Z');
    expect(shortcutText('Ctrl+Shift+Z', 'MacIntel')).toBe('⌘⇧Z');
    expect(shortcutText('Alt+ArrowLeft', 'Win32')).toBe('Alt+←');
  });
});
