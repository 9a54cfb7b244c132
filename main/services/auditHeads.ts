import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AuditHead } from '../contract/audit.ts';
import { AppException } from '../contract/errors.ts';
import type { AuditTable } from '../dataset/audit/auditTable.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { readIfThere } from '../dataset/readIfThere.ts';

/** By the hash of its first entry, which no other project has. */
const HeadsFile = z.object({ version: z.literal(1), heads: z.record(z.string(), AuditHead) });
type Heads = z.infer<typeof HeadsFile>['heads'];

/**
 * The newest audit entry of each project this user has had open, kept with the user and not with the project: whoever cuts
 * off the end of a trail, or puts an older copy of the database in place, would have to reach here as well.
 */
export class AuditHeads {
  readonly #file: string;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly stateFolder: string) {
    this.#file = join(stateFolder, 'audit-heads.json');
  }

  async remembered(audit: AuditTable): Promise<AuditHead | null> {
    const first = audit.find(1);
    return first ? ((await this.#read())[first.sha256] ?? null) : null;
  }

  /** Notes the newest entry, unless what was noted before is not in the trail any more: that stays, to be told of. */
  remember(audit: AuditTable): Promise<void> {
    // Read now: the project may close while another note is written.
    const [first, head] = [audit.find(1), audit.head()];
    const isStill = ({ seq, sha256 }: AuditHead) => audit.find(seq)?.sha256 === sha256;
    const turn = this.#turn.then(async () => {
      const heads = await this.#read();
      const before = first && heads[first.sha256];
      if (!first || !head || before?.sha256 === head.sha256 || (before && !isStill(before))) return;
      await mkdir(this.stateFolder, { recursive: true });
      const content = { version: 1, heads: { ...heads, [first.sha256]: head } };
      await writeFileAtomic(this.#file, Buffer.from(`${JSON.stringify(content, null, 2)}\n`));
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Throws `disk/corrupt`: to begin anew would forget what this is kept for. */
  async #read(): Promise<Heads> {
    const bytes = await readIfThere(this.#file);
    if (bytes === null) return {};
    try {
      return HeadsFile.parse(JSON.parse(bytes.toString('utf8'))).heads;
    } catch (thrown) {
      throw new AppException({ code: 'disk/corrupt', path: this.#file, detail: String(thrown) });
    }
  }
}
