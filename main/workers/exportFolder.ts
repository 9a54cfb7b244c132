/** The folder an export writes into: names that take nothing away, whole files, the report. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ZodError } from 'zod';
import type { AppError } from '../contract/errors.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { ExportReport, mergedReport, REPORT_NAME, type ExportedFile } from '../export/exportReport.ts';
import type { FileToWrite } from '../export/maskToExport.ts';
import { readIfThere } from '../dataset/readIfThere.ts';

export interface WrittenFile {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
  /** `export/name-taken`, where the wanted name was. */
  readonly warning: AppError | null;
}

export class ExportFolder {
  /** In lower case: some file systems know no other difference. */
  readonly #written = new Set<string>();
  readonly #described: ReadonlyMap<string, ExportedFile>;

  private constructor(
    private readonly path: string,
    private readonly reportName: string,
    private readonly before: ExportReport | null,
  ) {
    this.#written.add(reportName.toLowerCase());
    this.#described = new Map(before?.files.map((file) => [file.name, file]));
  }

  /** Makes the folder if it is missing. */
  static async open(path: string): Promise<ExportFolder> {
    await mkdir(path, { recursive: true });
    for (let count = 1; ; count++) {
      const name = numbered(REPORT_NAME, count);
      const bytes = await readIfThere(join(path, name));
      const before = bytes && reportIn(bytes);
      if (bytes === null || before) return new ExportFolder(path, name, before);
    }
  }

  /**
   * Writes the file in one step. What an earlier export wrote under its name, and nobody changed since, is replaced; any
   * other file stays, and the new one gets a number.
   */
  async write({ name, chunks }: FileToWrite): Promise<WrittenFile> {
    const free = await this.#freeName(name);
    const path = join(this.path, free);
    await writeFileAtomic(path, chunks);
    this.#written.add(free.toLowerCase());
    const warning = free === name ? null : ({ code: 'export/name-taken', path: join(this.path, name), newPath: path } as const);
    return { name: free, path, sha256: hashOf(chunks), warning };
  }

  get reportFile(): string {
    return join(this.path, this.reportName);
  }

  /** Describes the files that lie here now. */
  async writeReport(fresh: Omit<ExportReport, 'version'>): Promise<void> {
    await writeFileAtomic(this.reportFile, Buffer.from(`${JSON.stringify(mergedReport(this.before, fresh), null, 2)}\n`));
  }

  async #freeName(name: string): Promise<string> {
    for (let count = 1; ; count++) {
      const candidate = numbered(name, count);
      if (await this.#isFree(candidate)) return candidate;
    }
  }

  async #isFree(name: string): Promise<boolean> {
    if (this.#written.has(name.toLowerCase())) return false;
    const bytes = await readIfThere(join(this.path, name));
    return bytes === null || this.#described.get(name)?.sha256 === hashOf([bytes]);
  }
}

/** `a.nii.gz`, `a-2.nii.gz`, `a-3.nii.gz` … */
export function numbered(name: string, count: number): string {
  if (count === 1) return name;
  const ending = /(\.(nii|seg|labelmap|rtstruct))?\.[^.]+$/.exec(name)?.[0] ?? '';
  return `${name.slice(0, name.length - ending.length)}-${count}${ending}`;
}

function hashOf(chunks: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

/** `null` for a file that is no report of ours: it stays, and the report gets a number. */
function reportIn(bytes: Buffer): ExportReport | null {
  try {
    return ExportReport.parse(JSON.parse(bytes.toString('utf8')));
  } catch (thrown) {
    if (thrown instanceof SyntaxError || thrown instanceof ZodError) return null;
    throw thrown;
  }
}
