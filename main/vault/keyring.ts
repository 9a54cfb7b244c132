/**
 * The keys of encrypted folders that this process may read and write, in memory only. Whoever reads or writes a file of a
 * project asks here by its path; a project without a passphrase has no entry, and nothing of it passes through the vault.
 */
import { realpathSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { z } from 'zod';
import { VaultKey } from '../contract/computeMessages.ts';

/** Under this name threads that are started later find the keys; no environment variable. */
const SHARED_WITH_THREADS = 'maskloop vaults';
const Shared = z.array(VaultKey).catch([]);

let vaults: readonly VaultKey[] = Shared.parse(getEnvironmentData(SHARED_WITH_THREADS));

function keep(next: readonly VaultKey[]): void {
  vaults = next;
  setEnvironmentData(SHARED_WITH_THREADS, [...next]);
}

/** From now on what lies in the folder is sealed, also under the folder's real path. Opened twice, it is closed twice. */
export function openVault(vault: VaultKey): () => void {
  const opened = [...new Set([resolve(vault.folder), realpathSync(vault.folder)])].map((folder) => ({ ...vault, folder }));
  keep([...vaults, ...opened]);
  return () => keep(vaults.filter((one) => !opened.includes(one)));
}

/** For a compute process: what its parent has open. */
export const openVaults = (): readonly VaultKey[] => vaults;

/** The key that seals the file at `path`, also while it has its temporary name (`.NAME.…`); `null`: it is not sealed. */
export function vaultKeyOf(path: string): Uint8Array | null {
  if (vaults.length === 0) return null;
  const absolute = resolve(path);
  for (const { folder, key, names } of vaults) {
    const way = relative(folder, absolute);
    const [first = ''] = way.split(sep);
    if (first === '' || first === '..' || way === absolute) continue;
    if (names === null || names.some((name) => first === name || first.startsWith(`.${name}.`))) return key;
  }
  return null;
}
