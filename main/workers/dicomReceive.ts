import { setTimeout as sleep } from 'node:timers/promises';
import { ok, type Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { DicomReceiveTask } from '../contract/tasks.ts';
import { Inbox } from '../dicomNetwork/inbox.ts';
import { StorageReceiver } from '../dicomNetwork/storageReceiver.ts';

const LOOK_MS = 200;
/** A sender pauses between series; a study is taken to be complete after this. */
const QUIET_MS = 5_000;

interface ArrivingStudy {
  readonly folder: string;
  callingAeTitle: string;
  /** Not told yet. */
  newCount: number;
  lastAtMs: number;
}

/** Listens until it is stopped. Throws AppException network/port-in-use. */
export async function runDicomReceive({ station, inboxFolder }: DicomReceiveTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  const inbox = await Inbox.open(inboxFolder, 'receiving');
  const arriving = new Map<string, ArrivingStudy>();
  let receivedCount = 0;
  const receiver = await StorageReceiver.start(station, inbox, {
    onObject({ sopInstanceUid }, callingAeTitle, reception) {
      if (reception.outcome === 'refused') {
        port.tell({ type: 'problem', error: { code: 'network/not-kept', sopInstanceUid, callingAeTitle, detail: reception.detail } });
        return;
      }
      const { studyUid } = reception.identity;
      const study = arriving.get(studyUid) ?? { folder: reception.studyFolder, callingAeTitle, newCount: 0, lastAtMs: 0 };
      arriving.set(studyUid, study);
      study.callingAeTitle = callingAeTitle;
      study.lastAtMs = Date.now();
      study.newCount++;
      receivedCount++;
    },
  });
  port.tell({ type: 'item', item: { kind: 'receiverReady' } });
  try {
    while (!port.stop.aborted) {
      await sleep(LOOK_MS);
      tellArrivals(arriving, port);
    }
  } finally {
    await receiver.close();
  }
  return ok({ receivedCount });
}

function tellArrivals(arriving: Map<string, ArrivingStudy>, port: JobPort): void {
  for (const [studyUid, study] of arriving) {
    const isStudyQuiet = Date.now() - study.lastAtMs >= QUIET_MS;
    if (study.newCount === 0 && !isStudyQuiet) continue;
    const { folder, callingAeTitle, newCount: objectCount } = study;
    port.tell({ type: 'item', item: { kind: 'receivedObjects', studyUid, folder, callingAeTitle, objectCount, isStudyQuiet } });
    study.newCount = 0;
    if (isStudyQuiet) arriving.delete(studyUid);
  }
}
