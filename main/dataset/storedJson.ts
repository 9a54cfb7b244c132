import type { z } from 'zod';
import { AppException } from '../contract/errors.ts';

/** A JSON file of ours by its schema; `path` for the error. Throws AppException disk/corrupt. */
export function parseStoredJson<S extends z.ZodType>(schema: S, text: string, path: string): z.output<S> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (thrown) {
    throw new AppException({ code: 'disk/corrupt', path, detail: thrown instanceof Error ? thrown.message : String(thrown) });
  }
}
