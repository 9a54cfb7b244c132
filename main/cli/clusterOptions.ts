/** `--on`: trainings on a cluster, after the user was told what the cluster will see. */
import { resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ClusterAddress, ClusterChoice, type ClusterHandout } from '../contract/cluster.ts';
import { gigabytes } from '../contract/memory.ts';
import type { CliSession } from './cliSession.ts';
import { positiveInteger, wholeNumber } from './commonOptions.ts';

export interface ClusterOptions {
  readonly on?: string;
  readonly shared?: string;
  readonly nodeCpus?: number;
  readonly nodeGpus?: number;
  readonly retries?: number;
  readonly yes?: boolean;
}

function clusterAddress(text: string): string {
  if (!ClusterAddress.safeParse(text).success) throw new InvalidArgumentError("a cluster like 'ray://head:8265', 'slurm' or 'slurm:PARTITION' is needed.");
  return text;
}

export function addClusterOptions(command: Command): Command {
  const options = [
    new Option('--on <cluster>', "train there: 'ray://HOST[:PORT]' (its dashboard, 8265), 'slurm' or 'slurm:PARTITION'").argParser(clusterAddress),
    new Option(
      '--shared <dir>',
      'folder that this computer and the nodes see under the same path; inputs are copied there (default: the nodes see the project itself)',
    ),
    new Option('--node-cpus <n>', 'processors of a node for each training (default: 4)').argParser(positiveInteger),
    new Option('--node-gpus <n>', 'graphics cards of a node for each training (default: 0)').argParser(wholeNumber),
    new Option('--retries <n>', 'how often a training whose node was lost is sent again, from its last checkpoint (default: 3)').argParser(wholeNumber),
    new Option('--yes', 'the cluster may read the images and masks of this project'),
  ];
  for (const option of options) command.addOption(option.helpGroup('On a cluster:'));
  return command;
}

/** Undefined: on this computer. */
export function clusterChoice({ on, shared, nodeCpus, nodeGpus, retries }: ClusterOptions): ClusterChoice | undefined {
  if (on === undefined) return undefined;
  return ClusterChoice.parse({ on, sharedFolder: shared === undefined ? undefined : resolve(shared), cpus: nodeCpus, gpus: nodeGpus, retries });
}

/** What would leave this computer, where the user has not said `--yes` to it; `null`: a node has answered, and trainings may go. Throws AppException `cluster/…`. */
export async function prepareCluster(session: CliSession, cluster: ClusterChoice, isAgreed: boolean): Promise<ClusterHandout | null> {
  const handout = await session.call('cluster.handout', { cluster });
  session.output.note(describeHandout(cluster.on, handout));
  if (!isAgreed) {
    session.output.note('Nothing was given away. Say --yes to go on.');
    return handout;
  }
  session.output.note(`Asking a node of ${cluster.on}; it has to wait its turn there.`);
  const { node, runtime } = await session.call('cluster.check', { cluster });
  session.output.note(`${node} sees the folder and can train (${runtime}).`);
  return null;
}

function describeHandout(on: string, { caseCount, bytes, folder, isCopied }: ClusterHandout): string {
  const what = `images and masks of ${caseCount} case${caseCount === 1 ? '' : 's'} (${bytes < 1e8 ? `${Math.ceil(bytes / 1e6)} MB` : gigabytes(bytes)}), with the names of the cases`;
  const how = isCopied ? `are copied to ${folder}, not encrypted, and removed after the training` : `are read in ${folder}`;
  return `${on} will see ${what}: they ${how}. Whoever may read that folder or runs the cluster can read them.`;
}
