/** Kills a program at work on a project, again and again, at moments drawn from a seed, and looks at what is left. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { TEMPORARY_SUFFIX } from '../../main/dataset/atomicFile.ts';
import { Database } from '../../main/dataset/database.ts';
import { examineProject } from '../../main/dataset/doctor/examineProject.ts';
import { keysOf, newProjectKey, writeKeyFile } from '../../main/dataset/encryption/keyFile.ts';
import type { Finding } from '../../main/dataset/doctor/finding.ts';
import { migrate } from '../../main/dataset/migrations.ts';
import { ProjectFolder } from '../../main/dataset/projectFolder.ts';
import { SCHEMA_STEPS } from '../../main/dataset/projectSchema.ts';
import { createProject, openProject, type ProjectStore } from '../../main/dataset/projectStore.ts';
import { sha256OfFile } from '../../main/dataset/sha256OfFile.ts';
import { readNifti } from '../../main/formats/nifti/readNifti.ts';
import { runPhantoms } from '../../main/workers/phantoms.ts';
import { seededRandom } from '../../main/imaging/phantom.ts';
import type { Promised, Scenario, VictimOrder } from './order.ts';

export interface FaultRig {
  /** Empty, for this rig alone. */
  readonly root: string;
  readonly victimScript: string;
  readonly computeScript: string;
  /** The projects are encrypted with it. */
  readonly passphrase?: string;
}

export interface RoundResult {
  readonly scenario: Scenario;
  readonly delayMs: number;
  /** Acknowledged before the kill and looked for after it. */
  readonly promisedCount: number;
  /** Of those, what this round added. */
  readonly newPromises: number;
  /** Was it still at work? Else the kill came too late to mean anything. */
  readonly wasAtWork: boolean;
  /** In words; empty when nothing was lost. */
  readonly losses: readonly string[];
}

/** How long after the beginning of the work the kill may come, in milliseconds. An import ends by itself: as long as one takes on this machine. */
const WINDOW_MS: Readonly<Record<Exclude<Scenario, 'import'>, number>> = { save: 3000, export: 3000, train: 20_000, migrate: 250 };
const STUDY_CASES = 24;
/** Nobody starts the program again sooner; a compute process outlives its killed parent for far less. */
const RESTART_MS = 1000;
/** Left by a crash on purpose, and told of: they are no litter. */
const EXPECTED: ReadonlySet<Finding['kind']> = new Set(['caseSetAside', 'maskWithoutRow']);

/**
 * One project for all rounds of a scenario where that is possible: what an earlier crash left is there for the next.
 * `sabotage` runs between the kill and the look, to see that the look finds something.
 */
export async function runKillRounds(
  rig: FaultRig,
  scenario: Scenario,
  rounds: number,
  seed: number,
  tell: (result: RoundResult) => void = () => {},
  sabotage: (projectFolder: string) => void = () => {},
): Promise<RoundResult[]> {
  const random = seededRandom(seed);
  const place = await preparePlace(rig, scenario);
  const windowMs = scenario === 'import' ? await undisturbedImportMs(rig, place) : WINDOW_MS[scenario];
  const promised: Promised[] = [];
  const results: RoundResult[] = [];
  for (let round = 0; round < rounds; round++) {
    if (scenario === 'import' || scenario === 'migrate') {
      promised.length = 0;
      rmSync(place.projectFolder, { recursive: true, force: true });
      cpSync(place.template, place.projectFolder, { recursive: true });
    }
    const delayMs = Math.round(((round + random()) / rounds) * windowMs); // one in each equal part of the window
    const order: VictimOrder = { ...place, scenario, computeScript: rig.computeScript, seed: seed * 1000 + round };
    const { said, wasAtWork, complaint } = await killAfter(rig.victimScript, order, delayMs);
    const fresh = said.filter(({ kind }) => kind !== 'ready' && kind !== 'open' && kind !== 'done');
    promised.push(...fresh);
    sabotage(place.projectFolder);
    await sleep(RESTART_MS);
    const losses = [...(complaint ? [complaint] : []), ...(await lossesIn(place, promised))];
    const result = { scenario, delayMs, promisedCount: promised.length, newPromises: fresh.length, wasAtWork, losses };
    results.push(result);
    tell(result);
  }
  return results;
}

interface Place {
  readonly projectFolder: string;
  readonly studyFolder: string;
  readonly outputFolder: string;
  readonly stateFolder: string;
  readonly template: string;
  readonly passphrase?: string;
}

async function preparePlace(rig: FaultRig, scenario: Scenario): Promise<Place> {
  const at = (name: string): string => join(rig.root, scenario, name);
  const place = {
    projectFolder: at('project'),
    studyFolder: join(rig.root, 'study'),
    outputFolder: at('out'),
    stateFolder: at('state'),
    template: at('template'),
    ...(rig.passphrase !== undefined && { passphrase: rig.passphrase }),
  };
  const quiet = { tell: () => undefined, stop: { aborted: false } };
  if (!existsSync(place.studyFolder))
    await runPhantoms({ task: 'phantoms', folder: place.studyFolder, caseCount: STUDY_CASES, labelledCount: STUDY_CASES, seed: 1 }, quiet);
  if (scenario === 'migrate') {
    await oldProject(place.template, rig.passphrase);
    return place;
  }
  (await createProject(scenario === 'import' ? place.template : place.projectFolder, undefined, undefined, undefined, rig.passphrase)).close();
  if (scenario !== 'import') await fill(rig, place);
  return place;
}

async function undisturbedImportMs(rig: FaultRig, place: Place): Promise<number> {
  cpSync(place.template, place.projectFolder, { recursive: true });
  return (await fill(rig, place)).workMs;
}

/** The studies, imported without disturbance. */
async function fill(rig: FaultRig, place: Place): Promise<Killed> {
  const order: VictimOrder = { ...place, scenario: 'import', computeScript: rig.computeScript, seed: 1 };
  const undisturbed = await killAfter(rig.victimScript, order, null);
  const { said, complaint } = undisturbed;
  if (said.at(-1)?.kind !== 'done') throw new Error(`the project could not be filled: ${complaint ?? JSON.stringify(said.at(-1))}`);
  return undisturbed;
}

/** Of version 1, with so many rows that bringing it to this version takes a moment. */
async function oldProject(folder: string, passphrase: string | undefined): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const projectKey = passphrase === undefined ? null : newProjectKey();
  if (projectKey && passphrase !== undefined) await writeKeyFile(new ProjectFolder(folder), projectKey, passphrase);
  const database = new Database(join(folder, 'maskloop.db'), projectKey && keysOf(projectKey));
  migrate(database, folder, SCHEMA_STEPS.slice(0, 1));
  const grid = { dimsIjk: [2, 2, 2], spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
  database.transaction(() => {
    database.exec("INSERT INTO project VALUES (1, 'old', '[]', 5)");
    for (let n = 0; n < 3000; n++) {
      const caseId = `case_${n}`;
      const image = JSON.stringify({
        files: [`cases/${caseId}/image_0000.nii`],
        voxelType: 'int16',
        grid,
        sourceGrid: grid,
        channelNames: ['CT'],
        padding: 'x'.repeat(2000),
      });
      database.run("INSERT INTO cases VALUES (:caseId, :image, :caseId, '/data', 'nifti', 'CT', 's', '[]', 1)", { caseId, image });
    }
  });
  database.close();
}

/** Kills exports until one leaves a temporary file; returns the project, and what lies in the folder of the export. Throws when none does. */
export async function killWithLeftover(rig: FaultRig, seed: number): Promise<{ projectFolder: string; outputFolder: string; leftovers: string[] }> {
  const place = await preparePlace({ ...rig, root: join(rig.root, 'leftover') }, 'export');
  mkdirSync(place.outputFolder, { recursive: true });
  const temporaries = (): string[] => readdirSync(place.outputFolder).filter((name) => name.endsWith(TEMPORARY_SUFFIX));
  for (let attempt = 0; attempt < 20; attempt++) {
    const order: VictimOrder = { ...place, scenario: 'export', computeScript: rig.computeScript, seed };
    await killAfter(rig.victimScript, order, async () => {
      while (temporaries().length === 0) await sleep(1);
    });
    await sleep(RESTART_MS);
    if (temporaries().length > 0) return { projectFolder: place.projectFolder, outputFolder: place.outputFolder, leftovers: temporaries() };
    // what this kill left elsewhere is not this test's: the next program opens the project
  }
  throw new Error('no kill left a temporary file');
}

interface Killed {
  readonly said: Promised[];
  readonly wasAtWork: boolean;
  /** From the beginning of the work to the end of the program. */
  readonly workMs: number;
  /** What a program that ended by itself, and not well, had to say. */
  readonly complaint: string | null;
}

/** Milliseconds after it began with its work, or when that comes; `null`: not at all. The whole process group goes, so that nothing tidies up. */
function killAfter(script: string, order: VictimOrder, moment: number | (() => Promise<void>) | null): Promise<Killed> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, JSON.stringify(order)], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const groupId = child.pid;
    if (groupId === undefined) return reject(new Error('no process'));
    // A migration happens while the project opens; everything else after that.
    const cue = order.scenario === 'migrate' ? '"ready"' : '"open"';
    let [printed, complaint] = ['', ''];
    let beganMs = performance.now();
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      const wasWaiting = !printed.includes(cue);
      printed += chunk.toString();
      if (!wasWaiting || !printed.includes(cue)) return;
      beganMs = performance.now();
      if (moment !== null) void (typeof moment === 'number' ? sleep(moment) : moment()).then(() => killGroup(groupId));
    });
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      // A line that the kill cut off was not said.
      const said = printed
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Promised);
      const failed = signal === null && exitCode !== 0;
      resolve({
        said,
        wasAtWork: signal === 'SIGKILL' && said.at(-1)?.kind !== 'done',
        workMs: performance.now() - beganMs,
        complaint: failed ? `it ended with ${exitCode}: ${complaint.slice(-2000)}` : null,
      });
    });
  });
}

function killGroup(groupId: number): void {
  try {
    process.kill(-groupId, 'SIGKILL');
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH')) throw thrown;
  }
}

/** Opens the project as a user would, and compares it with what was promised. Litter is a loss, too. */
async function lossesIn(place: Place, promised: readonly Promised[]): Promise<string[]> {
  let store: ProjectStore;
  try {
    store = await openProject(place.projectFolder, Date.now(), undefined, true, place.passphrase);
  } catch (thrown) {
    return [`the project does not open: ${JSON.stringify(thrown)}`];
  }
  try {
    const { findings } = await examineProject(store);
    const unexpected = findings.filter(({ kind }) => !EXPECTED.has(kind) && !isMigrationPhantom(kind, place));
    return [...unexpected.map((finding) => JSON.stringify(finding)), ...promised.flatMap((one) => broken(store, one)), ...(await brokenFiles(place, promised))];
  } finally {
    store.close();
  }
}

/** The old project has rows only. */
const isMigrationPhantom = (kind: Finding['kind'], { projectFolder }: Place): boolean =>
  kind === 'imageMissing' && projectFolder.includes(`${join('migrate', 'project')}`);

function broken(store: ProjectStore, promised: Promised): string[] {
  const lost = [`lost: ${JSON.stringify(promised)}`];
  switch (promised.kind) {
    case 'case':
      return store.cases.find(promised.caseId) ? [] : lost;
    case 'mask':
      return store.revisions.find(promised.caseId, promised.revision)?.sha256 === promised.sha256 ? [] : lost;
    case 'accepted': {
      const mask = store.revisions.find(promised.caseId, promised.revision)?.mask ?? 1;
      const accepted = store.revisions.ofMask(promised.caseId, mask).find((one) => one.accepted);
      return accepted && accepted.revision >= promised.revision ? [] : lost;
    }
    case 'namedMask': {
      const { caseId, mask, name, copied } = promised;
      const isThere = store.masks.ofCase(caseId).some((one) => one.mask === mask && one.name === name);
      return isThere && store.revisions.ofMask(caseId, mask)[0]?.revision === copied ? [] : lost;
    }
    case 'training':
      return store.masks.training(promised.caseId).mask >= promised.mask ? [] : lost;
    case 'run':
      return store.runs.find(promised.runId) ? [] : lost;
    case 'checkpoint':
      return (store.runs.find(promised.runId)?.epoch ?? -1) >= promised.epoch ? [] : lost;
    default:
      return [];
  }
}

/** Every exported file is whole: as promised, or a newer one that reads. */
async function brokenFiles({ outputFolder }: Place, promised: readonly Promised[]): Promise<string[]> {
  if (!existsSync(outputFolder)) return [];
  // opening the project tidied up
  const losses = readdirSync(outputFolder)
    .filter((name) => name.endsWith(TEMPORARY_SUFFIX))
    .map((name) => `left in the folder of the export: ${name}`);
  for (const name of readdirSync(outputFolder).filter((one) => one.endsWith('.nii.gz'))) {
    try {
      readNifti(gunzipSync(readFileSync(join(outputFolder, name))), name);
    } catch (thrown) {
      losses.push(`exported ${name} is not whole: ${String(thrown)}`);
    }
  }
  const files = new Map(promised.flatMap((one) => (one.kind === 'file' ? [[one.name, one.sha256] as const] : [])));
  for (const [name, sha256] of files)
    if ((await sha256OfFile(join(outputFolder, name))) !== sha256) losses.push(`exported ${name} is not what the report said`);
  return losses;
}
