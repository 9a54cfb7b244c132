import type { project as en } from '../en/project.ts';
import type { Message } from '../message.ts';

export const project: Record<keyof typeof en, Message> = {
  'project.tagline': 'Segmentieren, korrigieren, nachtrainieren: auf diesem Rechner, ohne Netz.',
  'project.recent': 'Zuletzt geöffnete Projekte',
  'project.folder': 'Projektordner',
  'project.open': 'Projekt öffnen',
  'project.create': 'Neues Projekt hier',
  'project.phantoms': 'Mit Phantomstudien ausprobieren',
  'project.phantomsHint': 'Erzeugt künstliche Studien nach Formeln',
  'project.imagesWait': 'Öffnen oder erzeugen Sie ein Projekt: {paths} wird dann dort importiert.',
  'project.closed': '{name} ist geschlossen.',
  'project.openAgain': 'Wieder öffnen',
  'readOnly.title': 'Nur lesend: Sie können ansehen und exportieren, aber nichts speichern.',
  'readOnly.inUse': 'Dieses Projekt ist in einem anderen Maskloop offen.',
  'readOnly.otherComputer': 'Ein anderer Computer hat dieses Projekt geöffnet und nicht geschlossen.',
  'readOnly.notWritable': 'In den Ordner dieses Projekts kann nicht geschrieben werden.',
  'readOnly.holder': 'Es ist {userName} an {hostName}, seit {since}.',
  'readOnly.asOf': 'Stand: {time}.',
  'readOnly.retry': 'Noch einmal versuchen',
  'readOnly.retryHint': 'Öffnet das Projekt zum Schreiben, wenn das jetzt geht, und zeigt, was inzwischen gespeichert wurde',
  'readOnly.takeOver': 'Übernehmen …',
  'readOnly.takeOverTitle': 'Projekt übernehmen?',
  'readOnly.takeOverText': 'Arbeitet Maskloop an {hostName} noch, schrieben beide in dieselben Dateien, und Masken könnten verloren gehen. Übernehmen Sie nur, wenn Sie wissen, dass es dort geschlossen oder der Computer abgestürzt ist.',
  'readOnly.takeOverYes': 'Dort ist es geschlossen: übernehmen',
};
