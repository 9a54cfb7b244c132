import { join } from 'node:path';
import type { Handlers, ProjectInfo } from '../contract/api.ts';
import { type AppError, AppException } from '../contract/errors.ts';
import type { ReadOnlyAccess } from '../contract/projectAccess.ts';
import { projectFolderOf, writeProjectFile } from '../dataset/projectFile.ts';
import type { Claim } from '../dataset/projectLock.ts';
import { createProject, openProject, type ProjectStore, viewProject } from '../dataset/projectStore.ts';
import { answer } from './answer.ts';
import type { EventHub } from './eventHub.ts';
import { importJob, importTask } from './importJob.ts';
import { legendIssues } from './legendIssues.ts';
import type { ProjectSession } from './projectSession.ts';
import type { RecentProjects } from './recentProjects.ts';

type ProjectCalls = 'project.recent' | 'project.current' | 'project.create' | 'project.open' | 'project.close' | 'project.setLegend' | 'project.addPhantoms';

export function projectServices(
  session: ProjectSession,
  recent: RecentProjects,
  events: EventHub,
  /** Who others are told has the project open. */
  userName: string,
): Pick<Handlers, ProjectCalls> {
  const openAndRemember = async (folder: string, open: () => Promise<ProjectStore>): Promise<ProjectInfo> => {
    const info = await session.replace(folder, open);
    await recent.add({ folder: info.folder, name: info.name });
    return info;
  };
  return {
    'project.recent': () => answer(async () => ({ folders: await recent.list() })),
    'project.current': () => answer(() => ({ project: session.info() })),
    'project.create': ({ folder, name, passphrase }) =>
      answer(async () => {
        const info = await openAndRemember(folder, () => createProject(folder, name, Date.now(), { userName, takeOver: false }, passphrase));
        await writeProjectFile(info.folder);
        return info;
      }),
    'project.open': ({ folder: path, takeOver, passphrase }) =>
      answer(() => {
        const folder = projectFolderOf(path);
        return openAndRemember(folder, () => openOrView(folder, { userName, takeOver }, passphrase));
      }),
    'project.close': () =>
      answer(async () => {
        await session.close();
        return null;
      }),
    'project.setLegend': ({ legend, labelRules }) =>
      answer(() => {
        const { store } = session.current();
        const rules = labelRules ?? store.project.labelRules;
        const issues = legendIssues(legend, rules);
        if (issues.length > 0) throw new AppException({ code: 'contract/bad-input', issues });
        store.transaction(() => {
          store.project.setLegend(legend);
          store.project.setLabelRules(rules);
          store.audit.append({ actor: userName, action: 'legend', facts: { legend, labelRules: rules } });
        });
        events.emit({ type: 'project', isOpen: true });
        const info = session.info();
        if (!info) throw new Error('the project closed while its legend was set');
        return info;
      }),
    'project.addPhantoms': ({ caseCount, labelledCount, anatomy }) =>
      answer(() => {
        const { store, queue } = session.current();
        // Other voxels than the phantoms that are there already, which would not be imported twice.
        const seed = store.cases.count();
        const folder = join(store.folder.path, 'phantoms', `seed_${seed}`);
        const job = importJob(store, events, userName, `Phantom studies (${caseCount})`, [
          () => ({ task: 'phantoms', folder, anatomy, caseCount, labelledCount: Math.min(labelledCount, caseCount), seed }),
          () => importTask(store, [folder]),
        ]);
        return { jobId: queue.submit(job) };
      }),
  };
}

/** For writing where that can be had, otherwise to look at. */
async function openOrView(folder: string, claim: Claim, passphrase: string | undefined): Promise<ProjectStore> {
  try {
    return await openProject(folder, Date.now(), claim, true, passphrase);
  } catch (thrown) {
    const why = thrown instanceof AppException ? whyOnlyRead(thrown.error) : null;
    if (!why) throw thrown;
    return viewProject(folder, why, Date.now(), passphrase);
  }
}

/** `null`: not even reading would work. */
function whyOnlyRead(error: AppError): Pick<ReadOnlyAccess, 'reason' | 'holder'> | null {
  if (error.code === 'project/in-use') return { reason: 'inUse', holder: error.holder };
  if (error.code === 'project/held-elsewhere') return { reason: 'otherComputer', holder: error.holder };
  if (error.code === 'disk/denied') return { reason: 'notWritable', holder: null };
  return null;
}
