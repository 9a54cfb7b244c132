/** An audit trail as a file, for the command line and the window alike; and a head as people note it. */
import { AuditHead, type AuditEntry } from './audit.ts';
import { csvText } from './csvText.ts';

export type AuditFileFormat = 'jsonl' | 'csv';

export const AUDIT_CSV_HEADER = 'seq,at,session,uptime_ms,actor,action,subject,facts,previous_sha256,sha256\r\n';

export const auditJsonLine = (entry: AuditEntry): string => `${JSON.stringify(entry)}\n`;

/** One row; text that a spreadsheet would run as a formula is made harmless. */
export function auditCsvLine({ seq, atMs, session, uptimeMs, actor, action, subject, facts, previousSha256, sha256 }: AuditEntry): string {
  const texts = [actor, action, subject ?? '', JSON.stringify(facts), previousSha256, sha256].map(csvText);
  return `${[seq, new Date(atMs).toISOString(), csvText(session), uptimeMs, ...texts].join(',')}\r\n`;
}

export const auditHeadText = ({ seq, sha256 }: AuditHead): string => `${seq}:${sha256}`;

/** Of `214:9f2c…`, a number and 64 hexadecimal digits; `null` for anything else. */
export function auditHeadOf(text: string): AuditHead | null {
  const [, seq, sha256] = /^(\d+):([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  const head = AuditHead.safeParse({ seq: Number(seq), sha256 });
  return head.success ? head.data : null;
}
