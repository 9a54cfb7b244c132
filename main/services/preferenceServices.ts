import type { Handlers } from '../contract/api.ts';
import { answer } from './answer.ts';
import type { EventHub } from './eventHub.ts';
import type { PreferencesFile } from './preferencesFile.ts';

type PreferenceCalls = 'preferences.get' | 'preferences.change';

export function preferenceServices(file: PreferencesFile, events: EventHub): Pick<Handlers, PreferenceCalls> {
  return {
    'preferences.get': () => answer(() => file.read()),
    'preferences.change': (changes) =>
      answer(async () => {
        const preferences = await file.change(changes);
        events.emit({ type: 'preferences', preferences });
        return preferences;
      }),
  };
}
