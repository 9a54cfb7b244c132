import type { AppError } from '../../../../main/contract/errors.ts';

type ClusterCode = Extract<AppError['code'], `cluster/${string}`>;

const lineOf = (detail: string): string => (detail.split('\n')[0] ?? '').trim().replace(/\.$/, '');

/** The sentences of `main/contract/describeClusterError.ts` in German. */
export const clusterErrors: { readonly [C in ClusterCode]: (error: Extract<AppError, { code: C }>) => string } = {
  'cluster/encrypted-project': ({ cluster }) =>
    `Dieses Projekt ist verschlüsselt, und nichts davon geht an andere Rechner; ${cluster} wurde nicht gefragt. Trainieren Sie hier, oder legen Sie mit „maskloop project decrypt“ eine offene Kopie dort an, wo der Cluster sie sehen darf.`,
  'cluster/not-here': ({ cluster }) =>
    `Trainings gehen nur von der Kommandozeile oder dem Programm auf dem Schreibtisch an ${cluster}, nicht von einem geteilten Arbeitsplatz. Starten Sie „maskloop train“ dort, wo das Projekt liegt.`,
  'cluster/unreachable': ({ cluster, detail }) =>
    `Der Cluster ${cluster} antwortet nicht (${lineOf(detail)}). Prüfen Sie die Adresse, ob der Cluster läuft, und Netz oder VPN.`,
  'cluster/refused': ({ cluster, detail }) =>
    `Der Cluster ${cluster} nahm das Training nicht an (${lineOf(detail)}). Ändern Sie, was dort steht; docs/scale-out.md sagt, was ein Cluster braucht.`,
  'cluster/cancelled-there': ({ cluster }) => `Das Training wurde auf ${cluster} abgebrochen, nicht hier. Was gespeichert war, ist da; es kann weitergehen.`,
  'cluster/node-unusable': ({ cluster, detail }) =>
    `Ein Knoten von ${cluster} kann nicht trainieren: ${lineOf(detail)}. Beheben Sie das auf jedem Knoten; docs/scale-out.md sagt, was ein Knoten braucht.`,
  'cluster/node-lost': ({ cluster, node, detail }) =>
    `${node === null ? 'Ein Knoten' : `Der Knoten ${node}`} von ${cluster} ging verloren (${lineOf(detail)}). Was gespeichert war, ist da, und ein Training geht von dort weiter.`,
};
