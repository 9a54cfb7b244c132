import type { recovery as en } from '../en/recovery.ts';
import type { Message } from '../message.ts';

export const recovery: Record<keyof typeof en, Message> = {
  'recovery.step': 'Wiederhergestellte Änderungen',
  'recovery.offer': {
    one: 'Eine nicht gespeicherte Änderung von {time} wurde wiederhergestellt.',
    other: '{count} nicht gespeicherte Änderungen von {time} wurden wiederhergestellt.',
  },
  'recovery.onOlder':
    'Gemalt wurde auf Revision {base}; der Fall hat jetzt Revision {latest}. Gespeichert wird daraus eine neue Revision über dieser; Rückgängig zeigt Revision {latest}.',
  'recovery.onNothing':
    'Gemalt wurde, bevor der Fall eine Maske hatte; er hat jetzt Revision {latest}. Gespeichert wird daraus eine neue Revision über dieser; Rückgängig zeigt Revision {latest}.',
  'recovery.damaged': 'Was danach kam, ist beschädigt und nicht lesbar; die Datei {file} bleibt erhalten.',
  'recovery.keep': 'Behalten',
  'recovery.keepHint': 'Mit diesen Änderungen weiterarbeiten; sie werden mit der Maske gespeichert',
  'recovery.discard': 'Verwerfen…',
  'recovery.discardTitle': 'Wiederhergestellte Änderungen verwerfen',
  'recovery.discardText':
    'Die Maske von {caseId} wird gezeigt, wie sie gespeichert ist, ohne die wiederhergestellten Änderungen und ohne das seither Gemalte. Beides bleibt 30 Tage im Ordner {folder} des Projekts.',
  'recovery.discardNow': 'Verwerfen',
  'recovery.stay': 'Hier bleiben',
  'recovery.found': {
    one: 'In {cases} gibt es Änderungen, die nicht gespeichert wurden.',
    other: 'In {count} Fällen gibt es Änderungen, die nicht gespeichert wurden: {cases}.',
  },
  'recovery.open': '{caseId} öffnen',
  'recovery.noHeader':
    'Das Protokoll {file} ist nicht lesbar: Sein Anfang ist beschädigt oder von einer anderen Version. Es bleibt, wie es ist; eine Kopie davon kann noch helfen, wenn es jemand repariert.',
  'recovery.noBase':
    'Das Protokoll {file} enthält {count} Änderungen der Revision {base}, die fehlt oder eine andere ist. Auf diese Maske lassen sie sich nicht übertragen; die Datei bleibt, wie sie ist.',
  'recovery.otherGrid':
    'Das Protokoll {file} enthält {count} Änderungen eines Bildes mit anderen Voxeln. Auf diese Maske lassen sie sich nicht übertragen; die Datei bleibt, wie sie ist.',
  'recovery.nothingWhole': 'Das Protokoll {file} ist beschädigt, und keine Änderung darin ist lesbar. Die Datei bleibt, wie sie ist.',
  'recovery.inOtherMask': 'In der Maske {name} dieses Falls gibt es Änderungen, die nicht gespeichert wurden.',
  'recovery.openMask': 'Diese Maske zeigen',
  'recovery.putAside': 'Beiseitelegen',
  'recovery.elsewhere': 'Sie malen an diesem Fall auch in einem anderen Fenster. Speichern hier speichert nicht dort.',
  'journal.behind': 'Striche seit {time} sind noch nicht auf dem Datenträger: {reason}',
  'journal.unreachable': 'Maskloop antwortet nicht. Es wird weiter versucht.',
};
