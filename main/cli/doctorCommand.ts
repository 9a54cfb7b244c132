import { cpus, release, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { RuntimeStatus } from '../contract/api.ts';
import { describeError } from '../contract/describeError.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { describeDeed, describeFinding } from '../dataset/doctor/describeFinding.ts';
import { type Examination, examineProject } from '../dataset/doctor/examineProject.ts';
import { HARMLESS_FINDINGS } from '../dataset/doctor/finding.ts';
import { type Deed, repairProject } from '../dataset/doctor/repairProject.ts';
import { supportBundle } from '../dataset/doctor/supportBundle.ts';
import { openProject, type ProjectStore, viewProject } from '../dataset/projectStore.ts';
import { currentUserName } from '../host/currentUserName.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { withPassphrase } from './passphrase.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';

interface DoctorOptions extends CommandOptions {
  readonly project?: string;
  readonly repair?: boolean;
  readonly takeOver?: boolean;
  readonly support?: string;
}

export function addDoctorCommand(root: Command, program: ProgramPaths): void {
  root
    .command('doctor')
    .description('Check that the TensorFlow runtime works on this machine, and with --project every file of a project against its records.')
    .addOption(new Option('--project <dir>', 'project folder to check; nothing in it is changed').env('MASKLOOP_PROJECT'))
    .option('--repair', 'mend what can be mended; nothing is deleted: what does not belong moves to lost-and-found')
    .option('--take-over', 'with --repair: the other computer that claimed the project is done with it, or has crashed')
    .option('--support <file>', 'write what support needs to know: no names, no paths, no identifiers of patients or cases')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('doctor', 'doctor --project ~/liver', 'doctor --project ~/liver --repair', 'doctor --project ~/liver --support support.json'),
    )
    .action((options: DoctorOptions) => runCommand('doctor', program, options, (session) => examine(session, options)));
}

async function examine(session: CliSession, options: DoctorOptions): Promise<CommandEnd> {
  const { output } = session;
  const runtime = await session.call('app.checkRuntime', {});
  if (runtime.ready) output.say(`The TensorFlow runtime works (version ${runtime.version ?? 'unknown'}).`);
  else output.say(runtime.problem ? describeError(runtime.problem) : 'The TensorFlow runtime does not work.');
  if (options.project === undefined) return { exitCode: runtime.ready ? exitCodes.ok : exitCodes.failed, value: runtime };

  const store = await openForDoctor(resolve(options.project), options);
  try {
    const examination = await examineProject(store, (count) => {
      if (count % 200 === 0) output.note(`${count} masks checked`);
    });
    for (const finding of examination.findings) output.say(describeFinding(finding));
    const deeds = options.repair ? await repairProject(store, examination.findings, currentUserName(), stampOf(new Date())) : [];
    for (const deed of deeds) output.say(describeDeed(deed));
    if (options.support !== undefined) await writeSupport(session, resolve(options.support), runtime, store, examination);
    return endOf(session, runtime, examination, deeds);
  } finally {
    store.close();
  }
}

/** To look, from a copy of the database, also while somebody works on it; to repair, as its only writer, before anything is tidied away. */
function openForDoctor(folder: string, { repair = false, takeOver = false }: DoctorOptions): Promise<ProjectStore> {
  return withPassphrase((passphrase) =>
    repair
      ? openProject(folder, Date.now(), { userName: currentUserName(), takeOver }, false, passphrase)
      : viewProject(folder, { reason: 'inUse', holder: null }, Date.now(), passphrase),
  );
}

async function writeSupport(
  { output, program }: CliSession,
  file: string,
  runtime: RuntimeStatus,
  store: ProjectStore,
  examination: Examination,
): Promise<void> {
  const about = {
    maskloop: program.version,
    node: process.version,
    platform: process.platform,
    architecture: process.arch,
    system: release(),
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 2 ** 20),
    runtime: { ready: runtime.ready, version: runtime.version, problem: runtime.problem?.code ?? null },
  };
  const bundle = supportBundle(about, store, examination);
  await writeFileAtomic(file, Buffer.from(`${JSON.stringify(bundle, null, 2)}\n`));
  output.say(`${file} holds what support needs to know. Read it before you send it; it names no patient, path or case.`);
}

function endOf({ output }: CliSession, runtime: RuntimeStatus, { findings, checkedMasks, checkedImages }: Examination, deeds: readonly Deed[]): CommandEnd {
  const mended = new Set(deeds.map(({ finding }) => finding));
  const damage = findings.filter((finding) => !HARMLESS_FINDINGS.has(finding.kind) && !mended.has(finding));
  output.say(
    `${checkedImages} images and ${checkedMasks} masks checked: ${damage.length === 0 ? 'nothing is wrong with them' : `${damage.length} findings to see to`}.`,
  );
  const exitCode = !runtime.ready ? exitCodes.failed : damage.length > 0 ? exitCodes.finishedWithProblems : exitCodes.ok;
  return { exitCode, value: { ...runtime, findings, deeds, checkedMasks, checkedImages } };
}

const stampOf = (now: Date): string => now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
