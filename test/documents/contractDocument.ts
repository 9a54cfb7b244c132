/** docs/contract.md: every call, event and error, and the JSON files that Maskloop writes, from their schemas. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import * as api from '../../main/contract/api.ts';
import { AppError } from '../../main/contract/errors.ts';
import { Evaluation } from '../../main/contract/evaluation.ts';
import { GateReport } from '../../main/contract/gate.ts';
import { InferenceInformation } from '../../main/contract/inferenceInformation.ts';
import { LEAST_ROLE } from '../../main/contract/leastRoles.ts';
import { PreferenceChanges } from '../../main/contract/preferences.ts';
import { RerunOutcome } from '../../main/contract/rerun.ts';
import { ExportReport } from '../../main/export/exportReport.ts';
import { DicomReference } from '../../main/formats/dicom/dicomReference.ts';
import { Postprocessing } from '../../main/nnunet/infer/postprocess.ts';
import { DatasetFingerprint } from '../../main/nnunet/plan/fingerprint.ts';
import { Plan } from '../../main/nnunet/plan/plan.ts';
import { typeText } from './typeText.ts';

const root = resolve(import.meta.dirname, '../..');

/** File → what it is and its schema; files that hold voxels are in docs/export.md and docs/decisions/0002-the-store.md. */
const FILES: readonly (readonly [file: string, about: string, schema: z.ZodType])[] = [
  ['preferences.json', 'in the folder of settings: what the user has chosen, with `version` 1', PreferenceChanges],
  ['plans.json', 'in the project and in each run: the experiment as planned', Plan],
  ['dataset_fingerprint.json', 'beside `plans.json`: what was planned from', DatasetFingerprint],
  ['inference_information.json', 'in the project: which configuration was found best', InferenceInformation],
  ['postprocessing.json', 'in a run: what is done to its predictions', Postprocessing],
  ['gate report', 'in a run: how the candidate compares with the current model', GateReport],
  ['rerun outcome', 'in a run that repeats another', RerunOutcome],
  ['evaluation.json', 'where an evaluation was written to', Evaluation],
  ['export report', 'beside exported masks', ExportReport],
  ['dicom reference', 'in a case that came as DICOM: what derived objects say about its images', DicomReference],
];

/** Schemas of the contract with a name of their own, so that a call is one line. */
function namedSchemas(): Map<z.ZodType, string> {
  const named = new Map<z.ZodType, string>();
  const modules = Object.entries(import.meta.glob<Record<string, unknown>>(['../../main/contract/*.ts', '!**/*.test.ts'], { eager: true })).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  for (const [name, value] of modules.flatMap(([, exported]) => Object.entries(exported))) {
    const isSchema = /^[A-Z][a-z]/.test(name) && typeof value === 'object' && value !== null && '_zod' in value;
    if (isSchema) named.set(value as unknown as z.ZodType, name);
  }
  return named;
}

/** The comments above the calls in `main/contract/api.ts`, by name. */
function commentsOfCalls(): Map<string, string> {
  const source = readFileSync(join(root, 'main/contract/api.ts'), 'utf8');
  const found = [...source.matchAll(/\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*'([\w.]+)': call\(/g)];
  return new Map(found.map(([, comment = '', name = '']) => [name, comment.replace(/\s*\n\s*\*\s?/g, ' ').trim()]));
}

const code = (text: string): string => `\`\`\`ts\n${text}\n\`\`\``;

export function contractDocument(): string {
  const named = namedSchemas();
  const comments = commentsOfCalls();
  const calls = Object.entries(api.calls).map(([name, { input, output }]) => {
    const lines = [`### \`${name}\``, `Least role: ${LEAST_ROLE[name as api.CallName]}.${comments.has(name) ? ` ${comments.get(name)}` : ''}`];
    return [...lines, code(`${typeText(input, 'input', named)}\n→ ${typeText(output, 'output', named)}`)].join('\n\n');
  });
  const types = [...named].sort(([, a], [, b]) => (a < b ? -1 : 1)).map(([schema, name]) => `${name} = ${typeText(schema, 'output', named)}`);
  const unions = (schema: { readonly options: readonly z.ZodType[] }): string =>
    code(schema.options.map((option) => typeText(option, 'output', named)).join('\n'));
  const files = FILES.map(([file, about, schema]) =>
    [`### ${file}`, `${about[0]!.toUpperCase()}${about.slice(1)}.`, code(typeText(schema, 'output', named))].join('\n\n'),
  );
  return `# Contract

Everything that crosses a border between processes, and the JSON files that Maskloop writes. **Made by \`test/documents/documents.test.ts\`** from
the schemas; do not edit (\`MASKLOOP_UPDATE_DOCS=1 npx vitest run test/documents\` makes it anew).

Electron calls go over one IPC channel, a browser's over \`POST /api/call\` with \`{ "name": …, "input": … }\` and the session's cookie; both answer
\`{ "ok": true, "value": … }\` or \`{ "ok": false, "error": … }\`. A field with \`?\` may be left out; what stands after \`=\` is then taken.
Voxels go over other URLs (\`bulkUrls\` in \`main/contract/api.ts\`).

## Calls

${calls.join('\n\n')}

## Events

${unions(api.AppEvent)}

## Errors

What each one means and what to do is in \`main/contract/describeError.ts\`.

${unions(AppError)}

## Files

${files.join('\n\n')}

## Types

${code(types.join('\n'))}
`;
}
