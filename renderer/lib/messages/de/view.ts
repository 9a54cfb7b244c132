import type { view as en } from '../en/view.ts';
import type { Message } from '../message.ts';

export const view: Record<keyof typeof en, Message> = {
  'command.onePlane': 'Nur diese Ebene, oder alle',
  'command.nextSlice': 'Nächste Schicht',
  'command.previousSlice': 'Vorige Schicht',
  'command.cine': 'Schichten als Film, oder anhalten',
  'command.invert': 'Schwarz und Weiß vertauschen',
  'command.windowByValues': 'Fensterung nach den Bildwerten',
  'command.flipHorizontal': 'Ebene links und rechts spiegeln',
  'command.flipVertical': 'Ebene oben und unten spiegeln',
  'command.rotate': 'Ebene um 90° drehen',
  'command.axes': 'Ebenen nach dem Patienten oder nach der Aufnahme',
  'command.uncertainty': 'Unsicherheit über dem Bild, oder nicht',
  'command.nextUncertain': 'Zur unsichersten Schicht, dann zur nächsten',
  'unavailable.noUncertainty': 'Keine Vorhersage dieses Falls hat eine Karte ihrer Unsicherheit hinterlassen.',
  'unavailable.noUncertainPlaces': 'Die Unsicherheit wird nicht angezeigt.',
  'measure.title': 'Messungen',
  'measure.area': '{area} mm²',
  'measure.values': '{mean} ± {deviation}',
  'measure.extremes': '{minimum} bis {maximum}',
  'measure.goTo': 'Dorthin gehen',
  'measure.remove': 'Messung {number} löschen',
};
