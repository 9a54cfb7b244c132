import { join } from 'node:path';
import type { Handlers, ProjectInfo } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import { createProject, openProject, type ProjectStore } from '../dataset/projectStore.ts';
import { answer } from './answer.ts';
import type { EventHub } from './eventHub.ts';
import { importJob, importTask } from './importJob.ts';
import { legendIssues } from './legendIssues.ts';
import type { ProjectSession } from './projectSession.ts';
import type { RecentProjects } from './recentProjects.ts';

type ProjectCalls =
  | 'project.recent'
  | 'project.current'
  | 'project.create'
  | 'project.open'
  | 'project.close'
  | 'project.setLegend'
  | 'project.addPhantoms';

export function projectServices(
  session: ProjectSession,
  recent: RecentProjects,
  events: EventHub,
): Pick<Handlers, ProjectCalls> {
  const openAndRemember = async (folder: string, open: () => Promise<ProjectStore>): Promise<ProjectInfo> => {
    const info = await session.replace(folder, open);
    await recent.add({ folder: info.folder, name: info.name });
    return info;
  };
  return {
    'project.recent': () => answer(async () => ({ folders: await recent.list() })),
    'project.current': () => answer(() => ({ project: session.info() })),
    'project.create': ({ folder, name }) => answer(() => openAndRemember(folder, () => createProject(folder, name))),
    'project.open': ({ folder }) => answer(() => openAndRemember(folder, () => openProject(folder))),
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
        });
        events.emit({ type: 'project', isOpen: true });
        const info = session.info();
        if (!info) throw new Error('the project closed while its legend was set');
        return info;
      }),
    'project.addPhantoms': ({ caseCount, labelledCount }) =>
      answer(() => {
        const { store, queue } = session.current();
        // Other voxels than the phantoms that are there already, which would not be imported twice.
        const seed = store.cases.count();
        const folder = join(store.folder.path, 'phantoms', `seed_${seed}`);
        const job = importJob(store, events, `Phantom studies (${caseCount})`, [
          () => ({ task: 'phantoms', folder, caseCount, labelledCount: Math.min(labelledCount, caseCount), seed }),
          () => importTask(store, [folder]),
        ]);
        return { jobId: queue.submit(job) };
      }),
  };
}
