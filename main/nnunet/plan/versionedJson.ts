/** Files of ours that carry a `version`: an older one is led by a chain of pure steps to the newest, which a schema checks. */
import { z } from 'zod';
import { AppException } from '../../contract/errors.ts';

type Json = Readonly<Record<string, unknown>>;

export interface VersionedFormat<T> {
  readonly schema: z.ZodType<T>;
  /** Step n leads from version n + 1 to version n + 2; the newest version is one more than there are steps. */
  readonly steps: readonly ((older: Json) => Json)[];
}

const Versioned = z.looseObject({ version: z.int().positive() });

/** Throws AppException disk/corrupt that says for `path` what is wrong where; also for the file of a newer program. */
export function parseVersionedJson<T>(text: string, path: string, { schema, steps }: VersionedFormat<T>): T {
  const corrupt = (detail: string) => new AppException({ code: 'disk/corrupt', path, detail });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (thrown) {
    throw corrupt(thrown instanceof Error ? `not valid JSON: ${thrown.message}` : String(thrown));
  }
  const versioned = Versioned.safeParse(json);
  if (!versioned.success) throw corrupt(`no version: ${issuesOf(versioned.error)}`);
  const newest = steps.length + 1;
  const { version } = versioned.data;
  if (version > newest) throw corrupt(`version ${version} is newer than this program's ${newest}`);
  const migrated = steps.slice(version - 1).reduce<Json>((older, step) => step(older), versioned.data);
  const parsed = schema.safeParse({ ...migrated, version: newest });
  if (!parsed.success) throw corrupt(issuesOf(parsed.error));
  return parsed.data;
}

const issuesOf = (error: z.ZodError): string =>
  error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message)).join('; ');
