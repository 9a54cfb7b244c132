import type { Message } from '../message.ts';
import type { workspace as en } from '../en/workspace.ts';

export const workspace: Record<keyof typeof en, Message> = {
  'workspace.import': 'Import…',
  'workspace.network': 'Netz…',
  'workspace.networkHint': 'Im DICOM-Netz suchen, abrufen, senden und empfangen',
  'workspace.export': 'Export…',
  'workspace.projectMenu': 'Projektmenü',
  'workspace.settings': 'Einstellungen',
  'workspace.closeProject': 'Projekt schließen',
  'workspace.cases': 'Fälle',
  'workspace.panels': 'Tafeln',
  'workspace.panel.mask': 'Maske',
  'workspace.panel.train': 'Training',
  'workspace.panel.effort': 'Aufwand',
  'workspace.folder': 'Ordner',
  'unsaved.title': 'Nicht gespeicherte Striche',
  'unsaved.text': 'Die Maske von {caseId} hat Striche, die nicht gespeichert sind.',
  'unsaved.stay': 'Hier bleiben',
  'unsaved.drop': 'Striche verwerfen',
  'unsaved.save': 'Speichern',
  'drop.here': 'Studien zum Importieren ablegen',
  'drop.project': 'Projektordner zum Öffnen ablegen',
  'drop.browser': 'Ein Browser verrät nicht, wo abgelegte Dateien liegen. Wählen Sie den Ordner mit Import… oder legen Sie ihn im Desktop-Programm ab.',
  'drop.onlyOne': 'Legen Sie einen Projektordner ab.',
};
