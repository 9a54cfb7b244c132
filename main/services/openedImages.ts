import type { Handlers } from '../contract/api.ts';
import { answer } from './answer.ts';
import type { EventHub } from './eventHub.ts';

/** What the system asked the program to open: images, until a window imports them, and a project, until one asks for its passphrase. */
export class OpenedImages {
  #paths: string[] = [];
  #lockedProject: string | null = null;

  constructor(private readonly events: EventHub) {}

  add(paths: readonly string[]): void {
    if (paths.length === 0) return;
    this.#paths = [...new Set([...this.#paths, ...paths])];
    this.events.emit({ type: 'openedImages' });
  }

  askForPassphrase(project: string): void {
    this.#lockedProject = project;
    this.events.emit({ type: 'openedImages' });
  }

  /** Once. */
  takeLockedProject(): string | null {
    const project = this.#lockedProject;
    this.#lockedProject = null;
    return project;
  }

  /** With `take` they are the caller's to import, and waited for no more. */
  list(take: boolean): string[] {
    const paths = this.#paths;
    if (take) this.#paths = [];
    return paths;
  }
}

export const openedImageServices = (opened: OpenedImages): Pick<Handlers, 'app.openedImages'> => ({
  'app.openedImages': ({ take }) => answer(() => ({ paths: opened.list(take), lockedProject: opened.takeLockedProject() })),
});
