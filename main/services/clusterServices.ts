/** Trainings on clusters: what would be handed out, whether a node has what it needs, and where a run was trained. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { CallOutput, Handlers } from '../contract/api.ts';
import type { ClusterChoice } from '../contract/cluster.ts';
import { AppException } from '../contract/errors.ts';
import { TaskItem } from '../contract/tasks.ts';
import type { RunId } from '../contract/vocabulary.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { readIfThere } from '../dataset/readIfThere.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import { startTask } from '../jobs/computeTask.ts';
import { answer } from './answer.ts';
import type { ProjectSession } from './projectSession.ts';
import type { ServiceDependencies } from './services.ts';
import { acceptedCases, trainCases } from './trainingCases.ts';

type ClusterCalls = 'cluster.handout' | 'cluster.check';
export type Clusters = ServiceDependencies['clusters'];

export function clusterServices(session: ProjectSession, clusters: Clusters): Pick<Handlers, ClusterCalls> {
  return {
    'cluster.handout': ({ cluster }) => answer(() => session.during(({ store }) => handoutTo(store, clusters, cluster))),
    'cluster.check': ({ cluster }) => answer(() => session.during(({ store }) => checkNode(clusterHost(store, clusters, cluster)))),
  };
}

/** Throws AppException cluster/not-here, cluster/encrypted-project. */
export function clusterHost(store: ProjectStore, clusters: Clusters, choice: ClusterChoice): ComputeHost {
  if (!clusters) throw new AppException({ code: 'cluster/not-here', cluster: choice.on });
  if (store.isEncrypted) throw new AppException({ code: 'cluster/encrypted-project', cluster: choice.on });
  return clusters(choice, { folder: store.folder.path, preprocessed: store.folder.preprocessed });
}

async function handoutTo(store: ProjectStore, clusters: Clusters, choice: ClusterChoice): Promise<CallOutput<'cluster.handout'>> {
  clusterHost(store, clusters, choice);
  const cases = trainCases(store, acceptedCases(store));
  let bytes = 0;
  for (const file of cases.flatMap(({ image, labelFile }) => [...image.files, labelFile])) bytes += (await stat(file)).size;
  return { caseCount: cases.length, bytes, folder: choice.sharedFolder ?? store.folder.path, isCopied: choice.sharedFolder !== undefined };
}

const RuntimeSummary = z.object({ version: z.string() });

async function checkNode(host: ComputeHost): Promise<CallOutput<'cluster.check'>> {
  let node = '';
  const listen: Parameters<typeof startTask>[2] = (news) => {
    const item = news.type === 'item' ? TaskItem.parse(news.item) : null;
    if (item?.kind === 'placed') node = item.node;
  };
  const outcome = await startTask(host, { task: 'checkRuntime' }, listen).outcome;
  if (outcome.type === 'failed') throw new AppException(outcome.error);
  return { node, runtime: RuntimeSummary.parse(outcome.summary).version };
}

const Nodes = z.array(z.object({ node: z.string(), cluster: z.string(), atMs: z.number(), fromStep: z.int() }));
const nodesFile = (store: ProjectStore, runId: RunId): string => join(store.folder.run(runId), 'nodes.json');

/** Node after node, as they trained the run; none for one that was trained here. */
export async function nodesOf(store: ProjectStore, runId: RunId): Promise<z.infer<typeof Nodes>> {
  const bytes = await readIfThere(nodesFile(store, runId));
  return bytes ? Nodes.parse(JSON.parse(bytes.toString('utf8'))) : [];
}

export async function addNode(store: ProjectStore, runId: RunId, node: string): Promise<void> {
  const run = store.runs.find(runId);
  if (!run?.cluster) return;
  const nodes = [...(await nodesOf(store, runId)), { node, cluster: run.cluster, atMs: Date.now(), fromStep: run.step }];
  await writeFileAtomic(nodesFile(store, runId), Buffer.from(`${JSON.stringify(nodes, null, 2)}\n`));
}
