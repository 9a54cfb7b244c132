import { dirname, join, resolve } from 'node:path';
import type { ClusterChoice } from '../contract/cluster.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import type { Cluster } from './cluster.ts';
import { createClusterComputeHost } from './clusterComputeHost.ts';
import { RayCluster } from './rayCluster.ts';
import { SharedCopy } from './sharedCopy.ts';
import { SlurmCluster } from './slurmCluster.ts';

/** What of the project a cluster has to do with. */
export interface ClusterProject {
  readonly folder: string;
  readonly preprocessed: string;
}

export type OpenCluster = (choice: ClusterChoice, project: ClusterProject) => ComputeHost;

export const clusterOf = (on: string): Cluster => (on.startsWith('ray:') ? new RayCluster(on) : new SlurmCluster(on));

/**
 * Compute processes on clusters; trainings of one project that go by one shared folder share what is copied there. `computeScript`: of
 * this Maskloop (`dist/main/compute.cjs`), which the nodes look for at the same place unless they say otherwise.
 */
export function createClusters(version: string, computeScript: string): OpenCluster {
  const home = resolve(dirname(computeScript), '..', '..');
  const copies = new Map<string, SharedCopy>();
  return ({ on, sharedFolder, ...choice }, project) => {
    const shared = sharedFolder === undefined ? null : resolve(sharedFolder);
    const key = JSON.stringify([project.folder, shared]);
    const copy = shared === null ? null : (copies.get(key) ?? new SharedCopy(project.folder, shared));
    if (copy) copies.set(key, copy);
    return createClusterComputeHost({ cluster: clusterOf(on), choice, mail: copy?.mail ?? join(project.preprocessed, 'mail'), copy, version, home });
  };
}
