import { NODE_EXIT, NODE_SAYS } from '../contract/cluster.ts';

export interface NodeCommandSpec {
  readonly mailbox: string;
  /** Where Maskloop lies on the nodes unless `MASKLOOP_HOME` says otherwise there. */
  readonly home: string;
  readonly cpus: number;
}

/** What a node does, for `/bin/sh`: looks whether it has what it needs, says what is missing, then becomes the compute process. */
export function nodeCommand({ mailbox, home, cpus }: NodeCommandSpec): string {
  const missing = (status: number, what: string): string => `{ echo "${NODE_SAYS}$(uname -n): ${what}" >&2; exit ${status}; }`;
  return [
    `mailbox=${quoted(mailbox)}; home="\${MASKLOOP_HOME:-}"; [ -n "$home" ] || home=${quoted(home)}; node="\${MASKLOOP_NODE:-node}"`,
    `[ -r "$mailbox/task.json" ] || ${missing(NODE_EXIT.noFolder, 'the folder $mailbox is not there; it must be shared with the nodes under the same path')}`,
    `[ -r "$home/dist/main/compute.cjs" ] || ${missing(NODE_EXIT.noProgram, 'Maskloop is not built in $home; set MASKLOOP_HOME on the node to where it is')}`,
    `command -v "$node" >/dev/null 2>&1 || ${missing(NODE_EXIT.noNode, "there is no program '$node'; install Node.js, or set MASKLOOP_NODE on the node")}`,
    `export TF_NUM_INTRAOP_THREADS="\${TF_NUM_INTRAOP_THREADS:-${cpus}}" OMP_NUM_THREADS="\${OMP_NUM_THREADS:-${cpus}}"`,
    `exec "$node" "$home/dist/main/compute.cjs" --mailbox "$mailbox"`,
  ].join('\n');
}

export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
