import type { common as en } from '../en/common.ts';
import type { Message } from '../message.ts';

export const common: Record<keyof typeof en, Message> = {
  'common.close': 'Schließen',
  'common.cancel': 'Abbrechen',
  'common.dismiss': 'Ausblenden',
  'common.browse': 'Durchsuchen…',
  'common.reset': 'Zurücksetzen',
  'common.nothingMatches': 'Nichts gefunden.',
  'folders.folders': 'Ordner',
  'folders.foldersAndFiles': 'Ordner und Dateien',
  'folders.up': 'nach oben',
  'folders.none': 'Hier sind keine Ordner.',
  'folders.nothing': 'Hier ist nichts.',
  'folders.nothingOfThisName': 'Es gibt nichts mit diesem Namen.',
  'folders.cannotOpen': 'Dieser Ordner lässt sich nicht öffnen. Wo einer gebraucht wird, wird er unter diesem Namen angelegt.',
};
