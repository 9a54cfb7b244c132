/** Imports files and folders into case folders of a project. Each case appears whole or not at all. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { err, toAppError, type Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import { ImportTask } from '../contract/tasks.ts';
import { IMPORTING_PREFIX } from '../dataset/projectFolder.ts';
import { ScanMemory } from '../dataset/scan/scanMemory.ts';
import { scanSources } from '../dataset/scan/sourceScan.ts';
import { readSubjectsFile, subjectsBeside } from '../dataset/scan/subjectsFile.ts';
import { Importer } from './importer.ts';

/**
 * Tells an `importedCase` item per case, `importedLabels` for a segmentation that came after its image, and a `problem`
 * for everything left out or doubtful. Fails when nothing could be imported (with the first reason), and at once when the
 * project's disk is full or refuses; finished cases stay.
 */
export async function runImport(given: z.input<typeof ImportTask>, port: JobPort): Promise<Result<Record<string, unknown>>> {
  const input = ImportTask.parse(given);
  const memory = input.memoryFile === undefined ? new ScanMemory() : await ScanMemory.read(input.memoryFile);
  try {
    await mkdir(input.casesFolder, { recursive: true });
    return await importAll(input, port, memory);
  } catch (thrown) {
    return err(toAppError(thrown, input.casesFolder));
  } finally {
    await keep(memory, input, port);
  }
}

async function importAll(input: ImportTask, port: JobPort, memory: ScanMemory): Promise<Result<Record<string, unknown>>> {
  const unpackFolder = join(input.casesFolder, `${IMPORTING_PREFIX}archives`);
  try {
    const takenNames = await namesInUse(input);
    const found = await scanSources(input.paths, { tell: (news) => port.tell(news), stop: port.stop, unpackFolder, memory });
    const subjects = await (input.subjectsFile ? readSubjectsFile(input.subjectsFile) : subjectsBeside(found.sources));
    return await new Importer({ input, port, found, memory, subjects, takenNames }).run();
  } finally {
    await rm(unpackFolder, { recursive: true, force: true });
  }
}

/** What was learnt only saves time; the import is as good without it. */
async function keep(memory: ScanMemory, { memoryFile }: ImportTask, port: JobPort): Promise<void> {
  if (memoryFile === undefined) return;
  try {
    await memory.write(memoryFile);
  } catch (thrown) {
    port.tell({ type: 'problem', error: toAppError(thrown, memoryFile) });
  }
}

/** Lower-case ids that are in use; clears away what an interrupted import left. */
async function namesInUse(input: ImportTask): Promise<Set<string>> {
  const entries = await readdir(input.casesFolder);
  for (const name of entries.filter((entry) => entry.startsWith(IMPORTING_PREFIX))) {
    await rm(join(input.casesFolder, name), { recursive: true, force: true });
  }
  return new Set([...entries, ...input.existing.map(({ caseId }) => caseId)].map((name) => name.toLowerCase()));
}
