import type { Handlers } from '../contract/api.ts';
import { answer } from './answer.ts';
import type { EventHub } from './eventHub.ts';

/** Images that the system asked the program to open, until a window imports them into a project. */
export class OpenedImages {
  #paths: string[] = [];

  constructor(private readonly events: EventHub) {}

  add(paths: readonly string[]): void {
    if (paths.length === 0) return;
    this.#paths = [...new Set([...this.#paths, ...paths])];
    this.events.emit({ type: 'openedImages' });
  }

  /** With `take` they are the caller's to import, and waited for no more. */
  list(take: boolean): string[] {
    const paths = this.#paths;
    if (take) this.#paths = [];
    return paths;
  }
}

export const openedImageServices = (opened: OpenedImages): Pick<Handlers, 'app.openedImages'> => ({
  'app.openedImages': ({ take }) => answer(() => ({ paths: opened.list(take) })),
});
