/** Thumbnails of the worklist: made when somebody looks, many in one compute process, kept in the case folder. */
import { existsSync } from 'node:fs';
import { type AppError, AppException } from '../contract/errors.ts';
import { TaskItem, type ThumbnailsTask } from '../contract/tasks.ts';
import type { CaseId } from '../contract/vocabulary.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import { startTask } from '../jobs/computeTask.ts';
import { requireCase } from './caseSummary.ts';
import type { OpenProject, ProjectSession } from './projectSession.ts';

/** A list that scrolls asks for a screen at once. */
const GATHER_MS = 40;
/** Per process, so that a project can be closed in between. */
const CASES_PER_PROCESS = 48;

interface Wish {
  readonly caseId: CaseId;
  /** 0: without a mask. */
  readonly revision: number;
  readonly outputFile: string;
  readonly file: Promise<string>;
  settle(problem: AppError | null): void;
}

export class Thumbnails {
  readonly #wishes = new Map<string, Wish>();
  #isAtWork = false;

  constructor(
    private readonly session: ProjectSession,
    private readonly compute: ComputeHost,
  ) {}

  /** The PNG file of a case with a mask, made now if it is missing. Throws AppException not-found, disk/corrupt. */
  file(caseId: CaseId, revision: number): Promise<string> {
    const { store } = this.session.current();
    requireCase(store, caseId);
    if (revision > 0 && !store.revisions.find(caseId, revision)) throw new AppException({ code: 'not-found', what: 'revision', id: `${caseId}/${revision}` });
    const outputFile = store.folder.thumbnail(caseId, revision);
    if (existsSync(outputFile)) return Promise.resolve(outputFile);
    const known = this.#wishes.get(outputFile);
    if (known) return known.file;
    const wish = wishFor(caseId, revision, outputFile);
    this.#wishes.set(outputFile, wish);
    void this.#work();
    return wish.file;
  }

  async #work(): Promise<void> {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    try {
      await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
      while (this.#wishes.size > 0) await this.#drawSome();
    } finally {
      this.#isAtWork = false;
    }
  }

  /** Newest wishes first: they are what is on the screen. Never throws; every wish taken is settled. */
  async #drawSome(): Promise<void> {
    const taken = [...this.#wishes.values()].reverse().slice(0, CASES_PER_PROCESS);
    const settle = (wish: Wish, problem: AppError | null): void => {
      if (this.#wishes.delete(wish.outputFile)) wish.settle(problem);
    };
    let problem: AppError = { code: 'internal', detail: 'the thumbnail was not made' };
    try {
      await this.session.during(async (project) => {
        const end = await startTask(this.compute, taskFor(project, taken), (news) => {
          const item = news.type === 'item' ? TaskItem.parse(news.item) : null;
          const wish = item?.kind === 'thumbnail' && this.#wishes.get(item.outputFile);
          if (wish) settle(wish, item.problem);
        }).outcome;
        if (end.type === 'failed') problem = end.error;
      });
    } catch (thrown) {
      problem = thrown instanceof AppException ? thrown.error : { code: 'internal', detail: String(thrown) };
    }
    for (const wish of taken) settle(wish, problem);
  }
}

function wishFor(caseId: CaseId, revision: number, outputFile: string): Wish {
  let settle: Wish['settle'] = () => undefined;
  const file = new Promise<string>((resolve, reject) => {
    settle = (problem) => (problem ? reject(new AppException(problem)) : resolve(outputFile));
  });
  return { caseId, revision, outputFile, file, settle };
}

/** A wish of a project that was closed meanwhile throws not-found. */
function taskFor({ store }: OpenProject, wishes: readonly Wish[]): ThumbnailsTask {
  return {
    task: 'thumbnails',
    legend: store.project.legend,
    cases: wishes.map(({ caseId, revision, outputFile }) => {
      const { image, modality } = requireCase(store, caseId);
      if (store.folder.thumbnail(caseId, revision) !== outputFile) throw new AppException({ code: 'not-found', what: 'case', id: caseId });
      return { caseId, image, modality, labelFile: revision === 0 ? null : store.folder.revision(caseId, revision), outputFile };
    }),
  };
}
