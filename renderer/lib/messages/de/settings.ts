import type { settings as en } from '../en/settings.ts';
import type { Message } from '../message.ts';

export const settings: Record<keyof typeof en, Message> = {
  'settings.title': 'Einstellungen',
  'settings.tab.looks': 'Aussehen und Sprache',
  'settings.tab.shortcuts': 'Tastenkürzel',
  'settings.theme': 'Farbschema',
  'settings.theme.dark': 'Dunkel',
  'settings.theme.light': 'Hell',
  'settings.theme.contrast': 'Hoher Kontrast',
  'settings.scale': 'Größe von Texten und Bedienelementen',
  'settings.scalePercent': '{percent} %',
  'settings.language': 'Sprache',
  'settings.language.system': 'Wie das System: {name}',
  'settings.kept': 'Gilt für Sie auf diesem Rechner, in allen Projekten.',
  'settings.command': 'Befehl',
  'settings.shortcut': 'Kürzel',
  'settings.noShortcut': 'keines',
  'settings.findCommand': 'Befehl suchen',
  'settings.setShortcut': 'Kürzel für „{title}“ festlegen',
  'settings.pressKeys': 'Tasten drücken… (Esc: lassen, Rücktaste: keines)',
  'settings.resetShortcut': 'Kürzel für „{title}“ zurücksetzen',
  'settings.resetAll': 'Alle Kürzel zurücksetzen',
  'settings.conflict': '{keys} gehört auch zu „{title}“. Es hört, was zuletzt kam.',
};
