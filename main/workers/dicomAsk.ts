import { ok, type Result } from '../contract/errors.ts';
import type { DicomAskSummary, DicomAskTask } from '../contract/tasks.ts';
import { echo, search } from '../dicomNetwork/dimseQuery.ts';
import { webEcho, webSearch } from '../dicomNetwork/webQuery.ts';

/** Throws AppException `network/…`. */
export async function runDicomAsk(input: DicomAskTask): Promise<Result<DicomAskSummary>> {
  const startedAtMs = Date.now();
  const { implementation, matches } = await ask(input);
  return ok({ implementation, matches, elapsedMs: Date.now() - startedAtMs });
}

async function ask({ node, station: { aeTitle }, query, limit }: DicomAskTask): Promise<Omit<DicomAskSummary, 'elapsedMs'>> {
  if (node.kind === 'web') {
    if (query) return { implementation: '', matches: await webSearch(node, query, limit) };
    await webEcho(node);
    return { implementation: '', matches: null };
  }
  if (query) return { implementation: '', matches: await search({ node, aeTitle }, query, limit) };
  return { implementation: await echo({ node, aeTitle }), matches: null };
}
