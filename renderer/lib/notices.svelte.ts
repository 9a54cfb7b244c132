import { createContext } from 'svelte';
import { toAppError } from '../../main/contract/errors.ts';
import { errorText } from './messages/errorText.ts';

export interface Notice {
  readonly id: number;
  readonly kind: 'error' | 'info';
  readonly text: string;
  /** What can be done about it, such as taking it back. */
  readonly action?: NoticeAction;
}
export interface NoticeAction {
  readonly label: string;
  readonly run: () => void;
}

const INFO_SHOWN_MS = 6000;
/** Time to read, decide and reach it. */
const ACTION_SHOWN_MS = 15_000;

/** Short messages in the corner. Errors stay until dismissed. */
export class Notices {
  #list = $state.raw<readonly Notice[]>([]);
  #nextId = 1;

  get list(): readonly Notice[] {
    return this.#list;
  }

  #add(kind: Notice['kind'], text: string, action?: NoticeAction): number {
    const id = this.#nextId++;
    this.#list = [...this.#list.filter((notice) => notice.text !== text), { id, kind, text, action }];
    return id;
  }

  say(text: string, action?: NoticeAction): void {
    const id = this.#add('info', text, action);
    setTimeout(() => this.dismiss(id), action ? ACTION_SHOWN_MS : INFO_SHOWN_MS);
  }

  /** Until it is dismissed, or done. */
  keep(text: string, action: NoticeAction): void {
    this.#add('info', text, action);
  }

  fail(thrown: unknown): void {
    this.#add('error', errorText(toAppError(thrown)));
  }

  dismiss(id: number): void {
    this.#list = this.#list.filter((notice) => notice.id !== id);
  }

  /** Runs an action of the user; a failure becomes a message and `undefined`. */
  async attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (thrown) {
      this.fail(thrown);
      return undefined;
    }
  }
}

export const [getNotices, setNotices] = createContext<Notices>();
