import { createContext } from 'svelte';
import { FIRST_PREFERENCES, type PreferenceChanges, type Preferences } from '../../main/contract/preferences.ts';
import type { AppApi } from './api.ts';
import { bestLanguage } from './messages/catalogue.ts';
import { setLanguage } from './messages/messages.svelte.ts';
import type { Notices } from './notices.svelte.ts';

/** What the user has chosen for every project, in every window of theirs. */
export class UserPreferences {
  #value = $state.raw<Preferences>(FIRST_PREFERENCES);
  #loaded = $state(false);
  /** Changes that are not kept yet. What is told meanwhile is older than what is shown. */
  #underWay = 0;

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {}

  get value(): Preferences {
    return this.#value;
  }
  /** Until then nothing is drawn: it would flash in another theme and language. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Returns the unsubscribe function. */
  start(): () => void {
    void this.#load();
    return this.api.subscribe(
      (event) => {
        if (event.type === 'preferences' && this.#underWay === 0) this.#show(event.preferences);
      },
      () => void this.#load(),
    );
  }

  async #load(): Promise<void> {
    const read = await this.notices.attempt(() => this.api.call('preferences.get', {}));
    if (this.#underWay === 0) this.#show(read ?? this.#value);
    this.#loaded = true;
  }

  /** Shows at once; taken back when it could not be kept. */
  readonly change = (changes: PreferenceChanges): void => {
    this.#show({ ...this.#value, ...changes });
    this.#underWay++;
    void this.notices
      .attempt(() => this.api.call('preferences.change', changes))
      .then((kept) => {
        this.#underWay--;
        if (this.#underWay > 0) return;
        if (kept) this.#show(kept);
        else void this.#load();
      });
  };

  #show(preferences: Preferences): void {
    this.#value = preferences;
    const { language, theme, scalePercent } = preferences;
    const spoken = language === 'system' ? bestLanguage(navigator.languages) : language;
    setLanguage(spoken);
    const root = document.documentElement;
    root.lang = spoken;
    root.dataset.theme = theme;
    root.style.setProperty('--scale', String(scalePercent / 100));
  }
}

export const [getPreferences, setPreferences] = createContext<UserPreferences>();
