import { ok, type Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { DicomSendTask } from '../contract/tasks.ts';
import { sendByDimse } from '../dicomNetwork/dimseSending.ts';
import { filesToSend, type SendingEvents } from '../dicomNetwork/sending.ts';
import { sendByWeb } from '../dicomNetwork/webSending.ts';

/** Throws AppException `network/…`; a file that was not sent is told as a problem. */
export async function runDicomSend({ node, station, paths }: DicomSendTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  const refuse = (path: string, detail: string): void => port.tell({ type: 'problem', error: { code: 'network/not-sent', node: node.name, path, detail } });
  const files = await filesToSend(paths, refuse);
  let sentCount = 0;
  let doneCount = 0;
  const done = (): void => port.tell({ type: 'progress', progress: { phase: 'sending', done: ++doneCount, total: files.length } });
  const events: SendingEvents = {
    stop: port.stop,
    onSent() {
      sentCount++;
      done();
    },
    onRefused(path, detail) {
      refuse(path, detail);
      done();
    },
  };
  if (node.kind === 'web') await sendByWeb(node, files, events);
  else await sendByDimse({ node, aeTitle: station.aeTitle }, files, events);
  return ok({ sentCount });
}
