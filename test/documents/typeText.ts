/** A zod schema as a type that people read: `{ folder: string, takeOver?: boolean }`. */
import { z } from 'zod';

/** The part of JSON Schema that `z.toJSONSchema` writes for our schemas. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly $ref?: string;
}

const NAMES: Readonly<Record<string, string>> = { string: 'string', number: 'number', integer: 'integer', boolean: 'boolean', null: 'null' };

/** `names`: schemas that the document describes once, under these names. `io`: what is sent, or what arrives after defaults. */
export function typeText(schema: z.ZodType, io: 'input' | 'output', names: ReadonlyMap<z.ZodType, string> = new Map()): string {
  const metadata = z.registry<{ id: string }>();
  for (const [named, id] of names) if (named !== schema) metadata.add(named, { id });
  return textOf(z.toJSONSchema(schema, { io, unrepresentable: 'any', metadata }) as JsonSchema);
}

function textOf(schema: JsonSchema): string {
  if (schema.$ref) return schema.$ref.replace('#/$defs/', '');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const union = schema.anyOf ?? schema.oneOf;
  if (union) return [...new Set(union.map(textOf))].join(' | ');
  if (schema.allOf) return schema.allOf.map(textOf).join(' & ');
  if (Array.isArray(schema.type)) return schema.type.map((type: string) => textOf({ ...schema, type })).join(' | ');
  if (schema.type === 'array') return arrayText(schema);
  if (schema.type === 'object') return objectText(schema);
  return typeof schema.type === 'string' ? (NAMES[schema.type] ?? schema.type) : 'anything';
}

function arrayText({ prefixItems, items }: JsonSchema): string {
  if (prefixItems) return `[${prefixItems.map(textOf).join(', ')}]`;
  const one = typeof items === 'object' ? textOf(items) : 'anything';
  return one.includes(' | ') ? `(${one})[]` : `${one}[]`;
}

function objectText({ properties, required = [], additionalProperties }: JsonSchema): string {
  const fields = Object.entries(properties ?? {}).map(([name, field]) => {
    const isOptional = !required.includes(name) || field.default !== undefined;
    const key = /^\w+$/.test(name) ? name : JSON.stringify(name);
    return `${key}${isOptional ? '?' : ''}: ${textOf(field)}${field.default === undefined ? '' : ` = ${JSON.stringify(field.default)}`}`;
  });
  if (typeof additionalProperties === 'object' && fields.length === 0) return `{ [key]: ${textOf(additionalProperties)} }`;
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}
