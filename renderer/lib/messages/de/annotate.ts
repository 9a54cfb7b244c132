import type { annotate as en } from '../en/annotate.ts';
import type { Message } from '../message.ts';

export const annotate: Record<keyof typeof en, Message> = {
  'tool.windowLevel': 'Fenster',
  'tool.crosshairs': 'Fadenkreuz',
  'tool.pan': 'Verschieben',
  'tool.zoom': 'Zoom',
  'tool.brush': 'Pinsel',
  'tool.sphereBrush': 'Kugel',
  'tool.eraser': 'Radierer',
  'tool.sphereEraser': 'Kugelradierer',
};
