import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import type { FolderEntry, Handlers, RuntimeStatus } from '../contract/api.ts';
import { AppException, toAppError } from '../contract/errors.ts';
import { ProjectFolder } from '../dataset/projectFolder.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import { answer } from './answer.ts';
import type { GpuRuntimeAbility, HostAbilities, SignedInUser } from './services.ts';
import { runShortTask } from './shortTask.ts';

type AppCalls =
  | 'app.info'
  | 'app.checkRuntime'
  | 'app.gpuRuntime'
  | 'app.installGpuRuntime'
  | 'app.downloadGpuRuntime'
  | 'app.stopGpuDownload'
  | 'app.removeGpuRuntime'
  | 'app.pickFolder'
  | 'app.listFolder';

/** `author`: the name under which this caller saves. */
export function appServices(compute: ComputeHost, host: HostAbilities, author: string, user: SignedInUser | null): Pick<Handlers, AppCalls> {
  return {
    'app.info': () =>
      answer(() => ({
        version: host.version,
        shell: host.shell,
        userName: author,
        accountName: user?.name ?? host.userName,
        role: user?.role ?? null,
        canPickFolder: host.pickFolder !== undefined,
        homeFolder: homedir(),
      })),
    'app.checkRuntime': () => answer(() => checkRuntime(compute)),
    'app.gpuRuntime': () => answer(() => gpuRuntimeOf(host).info()),
    'app.installGpuRuntime': ({ folder }) =>
      answer(async () => {
        await gpuRuntimeOf(host).install(resolve(folder));
        return gpuRuntimeOf(host).info();
      }),
    'app.downloadGpuRuntime': ({ index }) =>
      answer(async () => {
        await gpuRuntimeOf(host).download(index);
        return gpuRuntimeOf(host).info();
      }),
    'app.stopGpuDownload': () =>
      answer(() => {
        gpuRuntimeOf(host).stopDownload();
        return gpuRuntimeOf(host).info();
      }),
    'app.removeGpuRuntime': () =>
      answer(async () => {
        await gpuRuntimeOf(host).remove();
        return gpuRuntimeOf(host).info();
      }),
    'app.pickFolder': ({ title }) => answer(async () => ({ folder: (await host.pickFolder?.(title)) ?? null })),
    'app.listFolder': ({ folder }) => answer(() => listFolder(resolve(folder))),
  };
}

/** Throws AppException contract/bad-input in a shell without it. */
function gpuRuntimeOf({ gpuRuntime, shell }: HostAbilities): GpuRuntimeAbility {
  if (!gpuRuntime) throw new AppException({ code: 'contract/bad-input', issues: [`the ${shell} has no add-on for graphics cards`] });
  return gpuRuntime;
}

async function checkRuntime(compute: ComputeHost): Promise<RuntimeStatus> {
  try {
    const { version } = z.object({ version: z.string() }).parse(await runShortTask(compute, { task: 'checkRuntime' }));
    return { ready: true, version, problem: null };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code !== 'job/process-died') return { ready: false, version: null, problem: error };
    // A library that takes its process down with it is broken, whatever the exit code.
    const detail = error.detail ?? `the process ended with ${error.signal ?? error.exitCode ?? 'no exit code'}`;
    return { ready: false, version: null, problem: { code: 'runtime/broken', detail } };
  }
}

/** Folders first, then files, by name; hidden ones are left out. */
async function listFolder(folder: string): Promise<{ folder: string; parent: string | null; entries: FolderEntry[] }> {
  const found = await readdir(folder, { withFileTypes: true }).catch((thrown: unknown) => {
    const isMissing = thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR');
    throw isMissing ? new AppException({ code: 'project/folder-missing', path: folder }) : thrown;
  });
  const entries = found
    .filter(({ name }) => !name.startsWith('.'))
    .map((entry) => {
      const path = join(folder, entry.name);
      // '/.' exists below a folder only, also behind a symbolic link.
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && existsSync(`${path}${sep}.`));
      return { name: entry.name, path, isFolder, isProject: isFolder && existsSync(new ProjectFolder(path).database) };
    })
    .sort((a, b) => Number(b.isFolder) - Number(a.isFolder) || a.name.localeCompare(b.name, 'en', { numeric: true }));
  const parent = dirname(folder);
  return { folder, parent: parent === folder ? null : parent, entries };
}
