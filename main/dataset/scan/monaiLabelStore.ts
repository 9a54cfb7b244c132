/**
 * The folder that a MONAI Label server works on: images, and masks of the same names under `labels/TAG`. `final` is what
 * somebody submitted, `original` and any other tag what a model drew. `datastore_v2.json` may name other folders, and
 * what the values in a mask mean. Masks are taken by where they lie: the file is rewritten while the server runs.
 */
import { basename, dirname, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { toAppError, type AppError } from '../../contract/errors.ts';
import { LabelValue, type Segment } from '../../contract/vocabulary.ts';
import { readFile } from '../../vault/readSealed.ts';
import { defaultSegment } from '../defaultColors.ts';
import type { WalkedFolder } from './sourceWalk.ts';

const STORE_FILE = 'datastore_v2.json';
const FINAL = 'final';
const TAGS = [FINAL, 'original'];
const LABELS_FOLDER = 'labels';

const LabelInfo = z.object({ label_info: z.array(z.unknown()).optional() }).optional();
const NamedValue = z.object({ name: z.string().min(1), idx: z.coerce.number().pipe(LabelValue) });
const DatastoreJson = z.object({
  images_dir: z.string().default('.'),
  labels_dir: z.string().default(LABELS_FOLDER),
  objects: z.record(z.string(), z.object({ labels: z.record(z.string(), z.object({ info: LabelInfo })).default({}) })).default({}),
});
type DatastoreJson = z.infer<typeof DatastoreJson>;

export class MonaiLabelStore {
  readonly imagesFolder: string;
  readonly #labelsFolder: string;

  constructor(
    root: string,
    private readonly facts: DatastoreJson,
  ) {
    this.imagesFolder = join(root, facts.images_dir);
    this.#labelsFolder = join(root, facts.labels_dir);
  }

  /** `null` for folders that hold no masks of this store. */
  tagOf(folder: string): string | null {
    const below = relative(this.#labelsFolder, folder);
    return below === '' || below.startsWith('..') || below.includes(sep) ? null : below;
  }

  /** Drawn by a model, and not looked at. */
  isDraft(folder: string): boolean {
    return this.tagOf(folder) !== FINAL;
  }

  /** What the values mean in the mask of this tag, as its writer said; empty where he did not. */
  segmentsOf(stem: string, tag: string): Segment[] {
    const entries = this.facts.objects[stem]?.labels[tag]?.info?.label_info ?? [];
    const named = entries.flatMap((entry) => NamedValue.safeParse(entry).data ?? []);
    return [...new Map(named.map(({ idx, name }) => [idx, defaultSegment(idx, name.slice(0, 64))])).values()];
  }
}

/** Those among the folders walked; a `datastore_v2.json` that cannot be read is a problem. */
export async function readMonaiLabelStores(folders: readonly WalkedFolder[], problems: AppError[]): Promise<MonaiLabelStore[]> {
  const roots = new Map<string, boolean>();
  for (const { folder, files } of folders) {
    if (files.some(({ name }) => name === STORE_FILE)) roots.set(folder, true);
    const root = dirname(dirname(folder));
    if (TAGS.includes(basename(folder)) && basename(dirname(folder)) === LABELS_FOLDER && !roots.has(root)) roots.set(root, false);
  }
  const stores: MonaiLabelStore[] = [];
  for (const [root, hasFile] of roots) {
    const path = join(root, STORE_FILE);
    try {
      stores.push(new MonaiLabelStore(root, DatastoreJson.parse(hasFile ? JSON.parse(await readFile(path, 'utf8')) : {})));
    } catch (thrown) {
      if (thrown instanceof z.ZodError || thrown instanceof SyntaxError) {
        problems.push({ code: 'import/unreadable', path, detail: thrown instanceof z.ZodError ? z.prettifyError(thrown) : thrown.message });
      } else problems.push(toAppError(thrown, path));
      stores.push(new MonaiLabelStore(root, DatastoreJson.parse({})));
    }
  }
  return stores;
}
