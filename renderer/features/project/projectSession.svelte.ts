import { createContext } from 'svelte';
import type { CallOutput, FolderEntry, ProjectInfo } from '../../../main/contract/api.ts';
import type { Segment } from '../../../main/contract/vocabulary.ts';
import { AppException } from '../../../main/contract/errors.ts';
import type { AppApi } from '../../lib/api.ts';
import { t } from '../../lib/messages/messages.svelte.ts';
import type { Notices } from '../../lib/notices.svelte.ts';

/** Enough to train on at once, and some left to predict and to correct. */
const PHANTOM_CASES = 12;
const PHANTOM_LABELLED = 8;

/** An encrypted project that waits for its passphrase. */
export interface LockedProject {
  readonly folder: string;
  readonly takeOver: boolean;
  /** One was given, and it is another's. */
  readonly wasWrong: boolean;
}

/** Which project is open. */
export class ProjectSession {
  #project = $state.raw<ProjectInfo | null>(null);
  #recent = $state.raw<readonly { folder: string; name: string }[]>([]);
  #app = $state.raw<CallOutput<'app.info'> | null>(null);
  #loaded = $state(false);
  #waiting = $state.raw<readonly string[]>([]);
  #trialFolder = $state<string | null>(null);
  #locked = $state.raw<LockedProject | null>(null);
  #toImport: readonly string[] = [];

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
  /** The open project is the one that was made to try the program with. */
  get isTrial(): boolean {
    return this.#project !== null && this.#project.folder === this.#trialFolder;
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
      const opened = isOwner ? await this.api.call('app.openedImages', { take: false }) : null;
      this.#waiting = opened?.paths ?? [];
      if (opened?.lockedProject) this.#locked = { folder: opened.lockedProject, takeOver: false, wasWrong: false };
    });
    this.#loaded = true;
  }

  /** `takeOver`: the user says that the other computer that claimed it is done with it. */
  async open(folder: string, takeOver = false, passphrase?: string): Promise<void> {
    try {
      this.#project = await this.api.call('project.open', { folder, takeOver, passphrase });
      this.#locked = null;
    } catch (thrown) {
      const code = thrown instanceof AppException ? thrown.error.code : null;
      const isLocked = code === 'project/passphrase-needed' || code === 'project/wrong-passphrase';
      this.#locked = isLocked ? { folder, takeOver, wasWrong: code === 'project/wrong-passphrase' } : null;
      if (!isLocked) this.notices.fail(thrown);
    }
  }

  /** What was to be opened and waits for its passphrase. */
  get locked(): LockedProject | null {
    return this.#locked;
  }

  leaveLocked(): void {
    this.#locked = null;
  }

  /** True when the project was made; with a passphrase encrypted. */
  async create(folder: string, passphrase?: string): Promise<boolean> {
    const made = await this.notices.attempt(() => this.api.call('project.create', { folder, passphrase }));
    if (made) this.#project = made;
    return made !== undefined;
  }

  /** A project of phantoms in a new folder below `baseFolder`. */
  async tryWithPhantoms(baseFolder: string, anatomy: 'abdomen' | 'brain'): Promise<void> {
    if (!(await this.#createBelow(baseFolder, `Maskloop phantom ${anatomy === 'abdomen' ? 'CT' : 'MR'}`))) return;
    this.#trialFolder = this.#project?.folder ?? null;
    await this.notices.attempt(() => this.api.call('project.addPhantoms', { caseCount: PHANTOM_CASES, labelledCount: PHANTOM_LABELLED, anatomy }));
  }

  /** A new project below `baseFolder`, named after the images, which are then imported into it. */
  async createForImages(baseFolder: string, images: string, passphrase?: string): Promise<void> {
    this.#toImport = [images];
    if (!(await this.#createBelow(baseFolder, `${lastName(images)} (Maskloop)`, passphrase))) this.#toImport = [];
  }

  /** A new project below `baseFolder` that has the model of a bundle. */
  async createForModel(baseFolder: string, file: string): Promise<void> {
    const beside = await this.notices.attempt(() => this.listFolder(file.slice(0, -lastName(file).length)));
    if (!beside) return;
    if (!beside.entries.some((entry) => !entry.isFolder && entry.name === lastName(file))) return this.notices.say(t('project.modelNoFile', { path: file }));
    if (!(await this.#createBelow(baseFolder, lastName(file).replace(/\.[^.]*$/, '')))) return;
    const started = await this.notices.attempt(() => this.api.call('model.import', { file }));
    if (started) this.notices.say(t('project.modelComes'));
  }

  /** What the project that has just opened shall import; once. */
  takeImport(): readonly string[] {
    const paths = this.#toImport;
    this.#toImport = [];
    return paths;
  }

  /** In a folder of this name, or of this name with a number where that is taken. */
  async #createBelow(baseFolder: string, name: string, passphrase?: string): Promise<boolean> {
    const listed = await this.notices.attempt(() => this.listFolder(baseFolder));
    if (!listed) return false;
    const taken = new Set(listed.entries.map((entry) => entry.name));
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${name} ${number}`;
    const separator = listed.folder.includes('\\') ? '\\' : '/';
    return this.create(`${listed.folder.replace(/[\\/]$/, '')}${separator}${free}`, passphrase);
  }

  async close(): Promise<void> {
    const closed = this.#project;
    await this.notices.attempt(() => this.api.call('project.close', {}));
    await this.#reload();
    if (closed && !this.#project)
      this.notices.say(t('project.closed', { name: closed.name }), { label: t('project.openAgain'), run: () => void this.open(closed.folder) });
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

const lastName = (path: string): string => path.split(/[\\/]/).filter(Boolean).at(-1) ?? 'project';

export const [getProjectSession, setProjectSession] = createContext<ProjectSession>();
