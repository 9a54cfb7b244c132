import { resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { AuditEntry, AuditHead, AuditVerification } from '../contract/audit.ts';
import { AUDIT_CSV_HEADER, auditCsvLine, type AuditFileFormat, auditHeadOf, auditHeadText, auditJsonLine } from '../contract/auditLines.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, projectOption } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';

interface ExportOptions extends CommandOptions {
  readonly project: string;
  readonly output: string;
  readonly format: AuditFileFormat;
}

interface VerifyOptions extends CommandOptions {
  readonly project: string;
  readonly head?: AuditHead;
}

const LIMITS = `
What verify shows: an entry that was changed, taken out, put in or moved; a trail cut short of the head that your settings
folder remembers, that an export report notes (auditHead) or that you give with --head; masks that no entry tells of.
What it cannot show: a whole trail made anew by somebody who can write to the project and to your settings folder, unless
you keep a head elsewhere; and that a person was who the computer took them for.`;

export function addAuditCommand(root: Command, program: ProgramPaths): void {
  const audit = root.command('audit').description('Who did what in a project and when: write the trail to a file, or verify that nobody changed it.');
  audit
    .command('export')
    .description('Write the audit trail, oldest entry first.')
    .addOption(projectOption())
    .addOption(new Option('--output <file>', 'where to').makeOptionMandatory())
    .addOption(new Option('--format <name>', 'one JSON object per line, or a table').choices(['jsonl', 'csv']).default('jsonl'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('audit export --project ~/liver --output liver-audit.jsonl', 'audit export --project ~/liver --format csv --output liver-audit.csv'),
    )
    .action((options: ExportOptions) => runCommand('audit export', program, options, (session) => exportAudit(session, options)));
  audit
    .command('verify')
    .description('Recompute every hash of the trail and say which entry is the first that does not hold.')
    .addOption(projectOption())
    .addOption(new Option('--head <seq:sha256>', 'an entry noted earlier, which must still be there').argParser(headOf))
    .addOption(jsonOption())
    .addHelpText('after', `${LIMITS}\n${examples('audit verify --project ~/liver', 'audit verify --project ~/liver --head 214:9f2c…')}`)
    .action((options: VerifyOptions) => runCommand('audit verify', program, options, (session) => verify(session, options)));
}

async function exportAudit(session: CliSession, { project, output, format }: ExportOptions): Promise<CommandEnd> {
  await session.call('project.open', { folder: resolve(project) });
  const { head } = await session.call('audit.list', { limit: 1 });
  const file = resolve(output);
  await writeFileAtomic(file, format === 'csv' ? csvLines(session) : jsonLines(session));
  session.output.say(file);
  if (head) session.output.say(`${head.seq} entries, head ${auditHeadText(head)}. Keep the head where nobody here can write; audit verify --head asks for it.`);
  return { exitCode: exitCodes.ok, value: { file, head } };
}

async function* pages(session: CliSession): AsyncGenerator<AuditEntry> {
  for (let fromSeq = 1; ;) {
    const { entries } = await session.call('audit.list', { fromSeq, limit: 5000 });
    yield* entries;
    const last = entries.at(-1);
    if (!last) return;
    fromSeq = last.seq + 1;
  }
}

async function* jsonLines(session: CliSession): AsyncGenerator<Uint8Array> {
  for await (const entry of pages(session)) yield Buffer.from(auditJsonLine(entry));
}

async function* csvLines(session: CliSession): AsyncGenerator<Uint8Array> {
  yield Buffer.from(AUDIT_CSV_HEADER);
  for await (const entry of pages(session)) yield Buffer.from(auditCsvLine(entry));
}

async function verify(session: CliSession, { project, head }: VerifyOptions): Promise<CommandEnd> {
  await session.call('project.open', { folder: resolve(project) });
  const verification = await session.call('audit.verify', { heads: head ? [head] : [] });
  for (const line of describeVerification(verification)) session.output.say(line);
  const holds = verification.firstBroken === null && verification.masksMatch;
  return { exitCode: holds ? exitCodes.ok : exitCodes.failed, value: verification };
}

const PROBLEMS: Readonly<Record<NonNullable<AuditVerification['firstBroken']>['problem'], string>> = {
  changed: 'was changed after it was written',
  outOfOrder: 'stands in the wrong place',
  missing: 'is missing',
  notLinked: 'does not follow from the entry before it',
  headMissing: 'was noted elsewhere and is gone: the trail was cut short, or an older copy of the project was put in place',
  headDiffers: 'is another one than was noted elsewhere: the trail was written anew',
};

/** Sentences; pure. */
export function describeVerification({ count, head, firstBroken, masksMatch, clockSetBack, remembered }: AuditVerification): string[] {
  const checked = remembered ? `, and the head that your settings remember (${remembered.seq})` : '; your settings remember no head of this project';
  return [
    firstBroken ? `BROKEN: entry ${firstBroken.seq} ${PROBLEMS[firstBroken.problem]}.` : `All ${count} entries hold${checked}.`,
    ...(masksMatch ? [] : ['BROKEN: there are masks that no entry tells of, or whose record was changed.']),
    ...clockSetBack.map(
      ({ seq, byMs }) => `The clock of the computer went back by ${Math.round(byMs / 1000)} s before entry ${seq}; the order of the entries is still right.`,
    ),
    ...(head ? [`Head: ${auditHeadText(head)}`] : []),
  ];
}

function headOf(text: string): AuditHead {
  const head = auditHeadOf(text);
  if (!head) throw new InvalidArgumentError('a number, a colon and 64 hexadecimal digits are needed.');
  return head;
}
