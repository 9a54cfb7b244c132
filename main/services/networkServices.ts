import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Handlers } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import type { DicomQuery } from '../contract/dicomNetwork.ts';
import { DicomAskSummary } from '../contract/tasks.ts';
import { pathComponent } from '../dicomNetwork/inboxPath.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import { answer } from './answer.ts';
import type { DicomReceiver } from './dicomReceiver.ts';
import type { EventHub } from './eventHub.ts';
import { importJob, importTask } from './importJob.ts';
import type { NodeBook } from './nodeBook.ts';
import type { ProjectSession } from './projectSession.ts';
import { runShortTask } from './shortTask.ts';

type NetworkCalls = Extract<keyof Handlers, `network.${string}`>;

/** `isAllowed`: whoever calls wants the network; asked before anything connects or listens. */
export function networkServices(
  session: ProjectSession,
  compute: ComputeHost,
  events: EventHub,
  book: NodeBook,
  receiver: DicomReceiver,
  actor: string,
  isAllowed: () => Promise<boolean>,
): Pick<Handlers, NetworkCalls> {
  const checkAllowed = async (): Promise<void> => {
    if (!(await isAllowed())) throw new AppException({ code: 'network/off' });
  };
  const ask = async (name: string, query: DicomQuery | null, limit: number): Promise<DicomAskSummary> => {
    await checkAllowed();
    const task = { task: 'dicomAsk', node: await book.get(name), station: await book.station(), query, limit } as const;
    return DicomAskSummary.parse(await runShortTask(compute, task));
  };
  const status = async () => {
    const now = receiver.status();
    return now.isRunning ? now : { ...now, station: await book.station() };
  };
  return {
    ...nodeServices(book),
    'network.echo': ({ node }) =>
      answer(async () => {
        const { elapsedMs, implementation } = await ask(node, null, 1);
        return { elapsedMs, implementation };
      }),
    'network.search': ({ node, query, limit }) =>
      answer(async () => {
        if (query.level === 'series' && !query.studyUid) throw new AppException({ code: 'contract/bad-input', issues: ['a search for series needs a study'] });
        const { matches } = await ask(node, query, limit);
        if (!matches) throw new Error('a search without matches');
        return matches;
      }),
    'network.retrieve': ({ node: name, studies, by }) =>
      answer(async () => {
        await checkAllowed();
        const [found, station] = [await book.get(name), await book.station()];
        const node = found.kind === 'dimse' && by ? { ...found, retrieveBy: by } : found;
        const { store, queue } = session.current();
        const { inbox } = store.folder;
        const retrieve = () => ({ task: 'dicomRetrieve', node, station, studies, inboxFolder: inbox, isReceiverRunning: receiver.status().isRunning }) as const;
        const folders = studies.flatMap(({ studyUid, seriesUids }) => {
          const folder = join(inbox, pathComponent(studyUid));
          return seriesUids?.map((uid) => join(folder, pathComponent(uid))) ?? [folder];
        });
        const title = `Retrieve ${studies.length === 1 ? 'a study' : `${studies.length} studies`} from ${name}`;
        return { jobId: queue.submit(importJob(store, events, actor, title, [retrieve, () => importTask(store, folders.filter(existsSync))])) };
      }),
    'network.send': ({ node: name, paths }) =>
      answer(async () => {
        await checkAllowed();
        const task = { task: 'dicomSend', node: await book.get(name), station: await book.station(), paths: paths.map((path) => resolve(path)) } as const;
        if (session.info()) session.current().store.note({ actor, action: 'send', facts: { node: name, paths: task.paths } });
        return { jobId: session.anyQueue().submit({ kind: 'export', title: `Send to ${name}`, subject: name, tasks: [() => task], onItem() {} }) };
      }),
    'network.startReceiver': ({ station }) =>
      answer(async () => {
        await checkAllowed();
        await book.setStation(station);
        await receiver.start(station);
        return receiver.status();
      }),
    'network.stopReceiver': () =>
      answer(async () => {
        await receiver.stop();
        return status();
      }),
    'network.status': () => answer(status),
  };
}

function nodeServices(book: NodeBook): Pick<Handlers, 'network.listNodes' | 'network.saveNode' | 'network.removeNode'> {
  return {
    'network.listNodes': () => answer(() => book.list()),
    'network.saveNode': ({ node, secret }) =>
      answer(async () => {
        await book.save({ ...node, caFile: node.caFile && resolve(node.caFile) }, secret);
        return null;
      }),
    'network.removeNode': ({ name }) =>
      answer(async () => {
        await book.remove(name);
        return null;
      }),
  };
}
