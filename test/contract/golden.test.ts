/** Golden files: what crossed a border once must go on crossing it, what was refused stays refused. Both grow with the contract. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AppEvent, calls } from '../../main/contract/api.ts';
import { AppError } from '../../main/contract/errors.ts';
import { JobEvent } from '../../main/contract/jobs.ts';
import { FromCompute, ToCompute } from '../../main/contract/computeMessages.ts';
import { TaskInput, TaskItem } from '../../main/contract/tasks.ts';

const Golden = z.array(z.object({ schema: z.string(), because: z.string().optional(), value: z.unknown() })).min(1);

const schemas = new Map<string, z.ZodType>(
  Object.entries({ AppError, AppEvent, FromCompute, JobEvent, TaskInput, TaskItem, ToCompute }),
);
for (const [name, { input, output }] of Object.entries(calls)) {
  schemas.set(`input of ${name}`, input);
  schemas.set(`output of ${name}`, output);
}

function goldens(folder: 'valid' | 'invalid') {
  const path = join(import.meta.dirname, folder);
  return readdirSync(path)
    .sort()
    .flatMap((file) =>
      Golden.parse(JSON.parse(readFileSync(join(path, file), 'utf8'))).map((golden, index) => {
        const schema = schemas.get(golden.schema);
        if (!schema) throw new Error(`${file}: no schema '${golden.schema}'`);
        return { ...golden, schema, name: golden.schema, title: `${file} ${index}: ${golden.schema}` };
      }),
    );
}

const valid = goldens('valid');
const invalid = goldens('invalid');

describe('golden files of the contract', () => {
  it.each(valid)('accepts $title', ({ schema, value }) => {
    const parsed = schema.parse(value);
    // Nothing that was sent is lost on arrival, and what arrived can be sent on.
    expect(parsed).toMatchObject(z.record(z.string(), z.unknown()).parse(value));
    expect(schema.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
  });

  it.each(invalid)('refuses $title: $because', ({ schema, value, because }) => {
    expect(because).toBeTruthy();
    expect(schema.safeParse(value).success).toBe(false);
  });

  it('cover every call, error, event and task', () => {
    const names = new Set(valid.map(({ name }) => name));
    for (const name of Object.keys(calls)) expect(names, name).toContain(`input of ${name}`);
    const seen = (schema: string, key: string) =>
      new Set(
        valid
          .filter(({ name }) => name === schema)
          .map(({ value }) => z.record(z.string(), z.unknown()).parse(value)[key]),
      );
    expect(seen('AppError', 'code')).toEqual(new Set(AppError.options.map((option) => option.shape.code.value)));
    expect(seen('TaskInput', 'task')).toEqual(new Set(TaskInput.options.map((option) => option.shape.task.value)));
    expect(seen('TaskItem', 'kind')).toEqual(new Set(TaskItem.options.map((option) => option.shape.kind.value)));
    const jobEvents = new Set([...seen('JobEvent', 'type'), 'queued']); // `queued` travels inside an AppEvent
    expect(jobEvents).toEqual(new Set(JobEvent.options.map((option) => option.shape.type.value)));
  });
});
