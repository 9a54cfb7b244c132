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
  'project.closed': '{name} ist geschlossen.',
  'project.openAgain': 'Wieder öffnen',
};
