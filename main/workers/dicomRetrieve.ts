import { ok, type Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { DicomRetrieveTask } from '../contract/tasks.ts';
import { DimseRetrieval } from '../dicomNetwork/dimseRetrieval.ts';
import { Inbox } from '../dicomNetwork/inbox.ts';
import { Retrieval, type RetrievalSummary } from '../dicomNetwork/retrieval.ts';
import { StorageReceiver } from '../dicomNetwork/storageReceiver.ts';
import { WebRetrieval } from '../dicomNetwork/webRetrieval.ts';

/** Throws AppException `network/…`; what stayed away is told as a problem. */
export async function runDicomRetrieve(input: DicomRetrieveTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  const { node, station, inboxFolder } = input;
  const inbox = await Inbox.open(inboxFolder, 'retrieving');
  const retrieval = new Retrieval(inbox, port);
  if (node.kind === 'web') return summaryOf(await retrieval.run(new WebRetrieval(node, inbox, retrieval.onReception), input.studies));
  const source = new DimseRetrieval({ node, aeTitle: station.aeTitle }, inbox, retrieval.onReception);
  // A node that is told to move stores to us over a connection of its own.
  const needsReceiver = node.retrieveBy === 'move' && !input.isReceiverRunning;
  const receiver = needsReceiver
    ? await StorageReceiver.start({ ...station, allowedAeTitles: [] }, inbox, {
        onObject: ({ sopInstanceUid }, _calling, reception) => retrieval.onReception(sopInstanceUid, reception),
      })
    : null;
  try {
    return summaryOf(await retrieval.run(source, input.studies));
  } finally {
    await receiver?.close();
  }
}

const summaryOf = (summary: RetrievalSummary): Result<Record<string, unknown>> => ok({ ...summary });
