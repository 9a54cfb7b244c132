import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { frameChunks, framePayload, headerChunks, scanJournal } from './journalFrames.ts';

/** Frame by frame, because each is sealed for itself. False, and nothing is written, for one that is damaged. */
export async function copyJournal(from: string, to: string): Promise<boolean> {
  const { header, frames, isDamaged } = await scanJournal(from);
  if (!header || isDamaged) return false;
  await mkdir(dirname(to), { recursive: true });
  const file = await open(to, 'wx');
  try {
    for (const chunk of headerChunks(to, header)) await file.writeFile(chunk);
    for (const frame of frames) {
      const content: Uint8Array[] = [];
      for await (const chunk of framePayload(from, frame)) content.push(chunk);
      for (const chunk of frameChunks(to, frame, content)) await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return true;
}
