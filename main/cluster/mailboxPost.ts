/** Our end of a mailbox (`main/contract/cluster.ts`). */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type HostWord, MAILBOX } from '../contract/cluster.ts';
import type { ToCompute } from '../contract/computeMessages.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { isMissingFile } from '../dataset/readIfThere.ts';

const MAILBOX_PREFIX = 'mailbox-';

export class MailboxPost {
  #beat = 0;
  #readBytes = 0;
  #isStopWanted = false;

  private constructor(readonly folder: string) {}

  /** A new one in `parent`, readable by its owner alone, with the task in it. `version`: of this Maskloop. */
  static async open(parent: string, version: string, message: Extract<ToCompute, { type: 'run' }>): Promise<MailboxPost> {
    await mkdir(parent, { recursive: true });
    const post = new MailboxPost(join(parent, `${MAILBOX_PREFIX}${randomBytes(6).toString('hex')}`));
    await mkdir(post.folder, { mode: 0o700 });
    await post.beat();
    await writeFileAtomic(join(post.folder, MAILBOX.taskFile), Buffer.from(JSON.stringify({ version, message })));
    return post;
  }

  /** Somebody still listens. */
  async beat(): Promise<void> {
    const word: HostWord = { beat: ++this.#beat, isStopWanted: this.#isStopWanted };
    await writeFileAtomic(join(this.folder, MAILBOX.hostFile), Buffer.from(JSON.stringify(word)));
  }

  async stop(): Promise<void> {
    this.#isStopWanted = true;
    await this.beat();
  }

  /** What has come since the last time, unchecked. A line that is not whole yet waits. */
  async news(): Promise<unknown[]> {
    const bytes = await this.#newBytes();
    const end = bytes.lastIndexOf(0x0a) + 1;
    this.#readBytes += end;
    const lines = bytes.subarray(0, end).toString('utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
  }

  /** The node ends its process as soon as it sees that. */
  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Opened anew each time: over NFS that is what shows what others wrote. */
  async #newBytes(): Promise<Buffer> {
    try {
      const file = await open(join(this.folder, MAILBOX.newsFile), 'r');
      try {
        const { size } = await file.stat();
        const bytes = Buffer.alloc(Math.max(0, size - this.#readBytes));
        const { bytesRead } = await file.read(bytes, 0, bytes.length, this.#readBytes);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    } catch (thrown) {
      if (isMissingFile(thrown)) return Buffer.alloc(0);
      throw thrown;
    }
  }
}
