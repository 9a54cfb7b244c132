import { describe, expect, it } from 'vitest';
import { bestLanguage, catalogues, type MessageKey } from './catalogue.ts';
import { messageText, placesOf } from './message.ts';
import { setLanguage, t } from './messages.svelte.ts';

const keys = Object.keys(catalogues.en) as MessageKey[];

describe('the catalogues', () => {
  it('have the same keys', () => expect(Object.keys(catalogues.de).sort()).toEqual([...keys].sort()));
  it.each(keys)('%s has the same places and kind in both, and is not empty', (key) => {
    const { en, de } = { en: catalogues.en[key], de: catalogues.de[key] };
    // the singular may leave the number out
    expect(placesOf(de)).toEqual(placesOf(en));
    expect(typeof de).toBe(typeof en);
    for (const text of [en, de].flatMap((message) => (typeof message === 'string' ? [message] : Object.values(message)))) {
      expect(text.trim()).toBe(text);
      expect(text).not.toBe('');
    }
  });
});

describe('messages', () => {
  it('choose the plural and write numbers as the language does', () => {
    const message = { one: '{count} Fall', other: '{count} Fälle, {share} ml' };
    expect(messageText(message, 'de', { count: 1, share: 0 })).toBe('1 Fall');
    expect(messageText(message, 'de', { count: 12_345, share: 0.5 })).toBe('12.345 Fälle, 0,5 ml');
    expect(messageText(message, 'en', { count: 12_345, share: 0.5 })).toBe('12,345 Fälle, 0.5 ml');
  });
  it('throw where a value is missing', () => expect(() => messageText('{a}', 'en', {})).toThrow('{a}'));
  it('follow the language of the window', () => {
    expect(t('common.close')).toBe('Close');
    setLanguage('de');
    expect(t('common.close')).toBe('Schließen');
    expect(t('command.theme', { name: t('settings.theme.light') })).toBe('Farbschema: Hell');
    setLanguage('en');
  });
  it('the first language of the system that there is, else English', () => {
    expect(bestLanguage(['fr-FR', 'de-AT', 'en'])).toBe('de');
    expect(bestLanguage(['fr'])).toBe('en');
    expect(bestLanguage([])).toBe('en');
  });
});
