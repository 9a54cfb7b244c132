/** A program that is killed while it writes journals: what it acknowledged is there bit for bit, what it tore is not taken for whole. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { StrokeJournals } from '../../main/dataset/journal/strokeJournals.ts';
import { ProjectFolder } from '../../main/dataset/projectFolder.ts';
import { strokePayload } from './strokePayload.ts';

/** Of two programs that work side by side on a case each. */
const KILLS = 110;
/** The writer makes some frames in this time. */
const LONGEST_LIFE_MS = 60;
const CASES = [CaseId.parse('killed'), CaseId.parse('killed-too')];
const root = mkdtempSync(join(tmpdir(), 'maskloop-killed-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Lines that it wrote before it was killed at a random moment. */
async function paintUntilKilled(script: string, caseId: CaseId): Promise<string[]> {
  const writer = spawn(execPath, [script, root, caseId], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  const isReady = new Promise<void>((done) =>
    writer.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      done();
    }),
  );
  const closed = new Promise<void>((done) => writer.once('close', () => done()));
  await Promise.race([isReady, closed]);
  await sleep(Math.random() * LONGEST_LIFE_MS);
  expect(writer.kill('SIGKILL')).toBe(true);
  await closed;
  expect(writer.signalCode).toBe('SIGKILL');
  return printed.split('\n').slice(0, -1);
}

interface Tally {
  /** Of each journal the last frame that was acknowledged. */
  readonly acknowledged: Map<number, number>;
  torn: number;
}

async function killAgainAndAgain(folder: ProjectFolder, script: string, caseId: CaseId): Promise<Tally> {
  const tally: Tally = { acknowledged: new Map(), torn: 0 };
  mkdirSync(folder.case(caseId), { recursive: true });
  for (let kill = 0; kill < KILLS / CASES.length; kill++) {
    for (const line of await paintUntilKilled(script, caseId)) {
      const [number, sequence] = line.split(' ').map(Number);
      if (sequence !== undefined) tally.acknowledged.set(number!, sequence);
    }
    for (const { header, frames, isDamaged, endByte, fileBytes } of await new StrokeJournals(folder).ofCase(caseId)) {
      expect(isDamaged).toBe(false);
      expect(frames.length).toBeGreaterThanOrEqual(tally.acknowledged.get(header!.beganAtMs) ?? 0);
      if (fileBytes > endByte) tally.torn++;
    }
  }
  return tally;
}

/** Every frame of every journal, byte by byte. */
async function expectAsPainted(folder: ProjectFolder, caseId: CaseId): Promise<void> {
  const journals = new StrokeJournals(folder);
  for (const { journalId, header, frames } of await journals.ofCase(caseId)) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await journals.payloads(caseId, journalId, 'me')).chunks) chunks.push(chunk);
    const expected = frames.map((_frame, index) => strokePayload(header!.beganAtMs, index + 1));
    expect(Buffer.concat(chunks).equals(Buffer.concat(expected)), journalId).toBe(true);
  }
}

describe('journals of a program that is killed', () => {
  it(`at ${KILLS} random moments`, async () => {
    const folder = new ProjectFolder(root);
    const script = join(root, 'writer.mjs');
    buildSync({
      entryPoints: [fileURLToPath(new URL('strokeWriter.ts', import.meta.url))],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'warning',
    });
    const tallies = await Promise.all(CASES.map((caseId) => killAgainAndAgain(folder, script, caseId)));
    for (const caseId of CASES) await expectAsPainted(folder, caseId);
    const frameCount = tallies.flatMap(({ acknowledged }) => [...acknowledged.values()]).reduce((sum, count) => sum + count, 0);
    console.log(`${KILLS} kills, ${frameCount} acknowledged frames, ${tallies.reduce((sum, { torn }) => sum + torn, 0)} times a torn one was there`);
    expect(frameCount).toBeGreaterThan(KILLS / 2);
    await new StrokeJournals(folder).sweep(CASES);
    for (const caseId of CASES) expect(readdirSync(folder.journals(caseId)).filter((name) => !/^journal-[0-9a-f]{16}\.strokes$/.test(name))).toEqual([]);
  }, 600_000);
});
