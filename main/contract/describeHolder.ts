import type { ProjectHolder, ReadOnlyAccess, ReadOnlyReason } from './projectAccess.ts';

const REASONS: Readonly<Record<ReadOnlyReason, string>> = {
  inUse: 'another running Maskloop writes to it',
  otherComputer: 'another computer opened it and did not close it',
  notWritable: 'its folder cannot be written to',
};

/** ` (ada on reading-room-2, since 2026-11-30 08:15 UTC)`, or nothing. */
export function describeHolder(holder: ProjectHolder | null): string {
  if (holder === null) return '';
  const since = new Date(holder.sinceMs).toISOString().slice(0, 16).replace('T', ' ');
  return ` (${holder.userName} on ${holder.hostName}, since ${since} UTC)`;
}

export const describeReadOnly = (folder: string, { reason, holder }: Pick<ReadOnlyAccess, 'reason' | 'holder'>): string =>
  `${folder} is open read-only, because ${REASONS[reason]}${describeHolder(holder)}.`;
