import type { AppError } from './errors.ts';

type ClusterError = Extract<AppError, { code: `cluster/${string}` }>;

/** What happened with a cluster and what to do about it. */
export function describeClusterError(error: ClusterError): string {
  switch (error.code) {
    case 'cluster/encrypted-project':
      return `This project is encrypted, and nothing of it is given to other computers, so ${error.cluster} was not asked. Train here, or make an open copy with 'maskloop project decrypt' where the cluster may see it.`;
    case 'cluster/not-here':
      return `Trainings are sent to ${error.cluster} by the command line or the desktop program only, not by a shared workstation. Run 'maskloop train' where the project lies.`;
    case 'cluster/unreachable':
      return `The cluster ${error.cluster} does not answer (${lineOf(error.detail)}). Check the address, that the cluster runs, and the network or VPN.`;
    case 'cluster/refused':
      return `The cluster ${error.cluster} did not take the training (${lineOf(error.detail)}). Change what it names; docs/scale-out.md says what a cluster needs.`;
    case 'cluster/cancelled-there':
      return `The training was cancelled on ${error.cluster}, not here. What it had saved is kept; it can be resumed.`;
    case 'cluster/node-unusable':
      return `A node of ${error.cluster} cannot train: ${lineOf(error.detail)}. Mend that on every node; docs/scale-out.md says what a node needs.`;
    case 'cluster/node-lost':
      return `${error.node === null ? 'A node' : `The node ${error.node}`} of ${error.cluster} was lost (${lineOf(error.detail)}). What had been saved is kept, and a training goes on from there.`;
  }
}

const lineOf = (detail: string): string => (detail.split('\n')[0] ?? '').trim().replace(/\.$/, '');
