/** An audit entry and a verdict on the trail in words; pure. */
import type { AuditEntry, AuditVerification } from '../../../main/contract/audit.ts';
import { t } from '../../lib/messages/messages.svelte.ts';

/** What of the facts is worth a glance; the rest is shown when the entry is opened. */
export function glanceText({ facts }: Pick<AuditEntry, 'facts'>): string {
  const { revision, accepted, reason, format, outputFolder, outcome, masks, passphrase } = facts;
  return [
    typeof revision === 'number' ? t('audit.fact.mask', { revision: String(revision) }) : '',
    typeof accepted === 'number' ? t('audit.fact.mask', { revision: String(accepted) }) : '',
    Array.isArray(masks) ? t('audit.fact.masks', { count: masks.length }) : '',
    passphrase === 'set' || passphrase === 'changed' || passphrase === 'removed' ? t(`audit.fact.passphrase.${passphrase}`) : '',
    ...[outcome, reason, format, outputFolder].filter((fact) => typeof fact === 'string'),
  ]
    .filter(Boolean)
    .join(' · ');
}

/** Every fact, as it is on record. */
export function factLines({ facts }: Pick<AuditEntry, 'facts'>): { readonly name: string; readonly value: string }[] {
  return Object.entries(facts).map(([name, value]) => ({ name, value: typeof value === 'string' ? value : JSON.stringify(value) }));
}

export interface Verdict {
  readonly holds: boolean;
  /** The first says it, the others what else is to know. */
  readonly sentences: readonly string[];
}

const MS_PER_MINUTE = 60_000;

export function auditVerdict({ count, firstBroken, masksMatch, clockSetBack, remembered }: AuditVerification): Verdict {
  const broken = [
    firstBroken ? t(`audit.problem.${firstBroken.problem}`, { seq: String(firstBroken.seq) }) : '',
    masksMatch ? '' : t('audit.masksDiffer'),
  ].filter(Boolean);
  return {
    holds: broken.length === 0,
    sentences: [
      ...(broken.length > 0 ? broken : [t('audit.holds', { count })]),
      remembered ? t('audit.remembered', { seq: String(remembered.seq) }) : t('audit.notRemembered'),
      ...clockSetBack.map(({ seq, byMs }) => t('audit.clockSetBack', { seq: String(seq), minutes: Math.round(byMs / MS_PER_MINUTE) })),
    ],
  };
}
