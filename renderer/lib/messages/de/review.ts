import type { Message } from '../message.ts';
import type { review as en } from '../en/review.ts';

export const review: Record<keyof typeof en, Message> = {
  'effort.title': 'Aufwand',
  'effort.comparing': 'Wird verglichen …',
  'effort.refresh': 'Auffrischen',
  'effort.about':
    'Eine Runde ist ein Modell: 1 ist das erste, das hier vorhersagte, 0 sind Masken ohne Modell. Pausen von mehr als einer halben Minute zählen nicht als Arbeit.',
  'effort.minutes': 'Arbeitsminuten je Fall (Median)',
  'effort.voxels': 'Geänderte Voxel je Fall',
  'effort.dice': 'Dice, Vorhersage zu angenommen',
  'effort.distance': 'Abstand der Oberflächen, mm',
  'effort.line.minutes': 'Minuten',
  'effort.line.voxels': 'Voxel',
  'effort.line.mean': 'Mittel',
  'effort.round': 'Runde',
  'effort.withoutModel': 'ohne Modell',
  'effort.none': 'Noch ist keine Maske angenommen.',
  'effort.cases': { one: '{count} Fall', other: '{count} Fälle' },
};
