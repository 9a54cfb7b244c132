import { createContext } from 'svelte';
import type { CallOutput, FolderEntry, ProjectInfo } from '../../../main/contract/api.ts';
import type { Segment } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import { t } from '../../lib/messages/messages.svelte.ts';
import type { Notices } from '../../lib/notices.svelte.ts';

const PHANTOM_CASES = 8;
const PHANTOM_LABELLED = 6;

/** Which project is open. */
export class ProjectSession {
  #project = $state.raw<ProjectInfo | null>(null);
  #recent = $state.raw<readonly { folder: string; name: string }[]>([]);
  #app = $state.raw<CallOutput<'app.info'> | null>(null);
  #loaded = $state(false);
  #waiting = $state.raw<readonly string[]>([]);

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {}

  get project(): ProjectInfo | null {
    return this.#project;
  }
  get recent() {
    return this.#recent;
  }
  get app() {
    return this.#app;
  }
  /** Images that the system asked to open, for which a project is needed first. */
  get waitingImages(): readonly string[] {
    return this.#waiting;
  }
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Returns the unsubscribe function. */
  start(): () => void {
    void this.#reload();
    return this.api.subscribe(
      (event) => {
        if (event.type === 'project' || event.type === 'openedImages') void this.#reload();
      },
      () => void this.#reload(),
    );
  }

  async #reload(): Promise<void> {
    await this.notices.attempt(async () => {
      this.#app ??= await this.api.call('app.info', {});
      this.#project = (await this.api.call('project.current', {})).project;
      this.#recent = (await this.api.call('project.recent', {})).folders;
      const isOwner = (this.#app.role ?? 'admin') === 'admin';
      this.#waiting = isOwner ? (await this.api.call('app.openedImages', { take: false })).paths : [];
    });
    this.#loaded = true;
  }

  /** `takeOver`: the user says that the other computer that claimed it is done with it. */
  async open(folder: string, takeOver = false): Promise<void> {
    await this.notices.attempt(async () => (this.#project = await this.api.call('project.open', { folder, takeOver })));
  }

  /** True when the project was made. */
  async create(folder: string): Promise<boolean> {
    const made = await this.notices.attempt(() => this.api.call('project.create', { folder }));
    if (made) this.#project = made;
    return made !== undefined;
  }

  async createWithPhantoms(folder: string): Promise<void> {
    if (!(await this.create(folder))) return;
    await this.notices.attempt(() => this.api.call('project.addPhantoms', { caseCount: PHANTOM_CASES, labelledCount: PHANTOM_LABELLED }));
  }

  async close(): Promise<void> {
    const closed = this.#project;
    await this.notices.attempt(() => this.api.call('project.close', {}));
    await this.#reload();
    if (closed && !this.#project) this.notices.say(t('project.closed', { name: closed.name }), { label: t('project.openAgain'), run: () => void this.open(closed.folder) });
  }

  async setLegend(legend: readonly Segment[]): Promise<void> {
    const changed = await this.notices.attempt(() => this.api.call('project.setLegend', { legend: [...legend] }));
    if (changed) this.#project = changed;
  }

  readonly listFolder = (folder: string): Promise<{ folder: string; parent: string | null; entries: FolderEntry[] }> =>
    this.api.call('app.listFolder', { folder });

  /** The shell's own folder dialog; null when cancelled. Only where `app.canPickFolder`. */
  readonly pickFolder = async (title: string): Promise<string | null> => (await this.api.call('app.pickFolder', { title })).folder;
}

export const [getProjectSession, setProjectSession] = createContext<ProjectSession>();
