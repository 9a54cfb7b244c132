/** Entry of a compute process: takes one task over its message channel, answers and exits. Dies with its parent. On a node of a cluster: `--mailbox FOLDER`. */
import { constants, setPriority } from 'node:os';
import { toAppError, type AppError } from '../contract/errors.ts';
import { type FromCompute, ToCompute } from '../contract/computeMessages.ts';
import { ownTemporaries } from '../dataset/atomicFile.ts';
import { openVault } from '../vault/keyring.ts';
import { dieWithParent } from './dieWithParent.ts';
import { openMailbox } from './mailbox.ts';
import { runTask } from './runTask.ts';

/** Electron drops messages of a process that exits in the same breath; its `postMessage` has no callback. */
const ELECTRON_FLUSH_MS = 100;

interface Channel {
  /** `sent` comes when the message has left this process. */
  send(message: FromCompute, sent?: () => void): void;
  onMessage(listener: (raw: unknown) => void): void;
}

/** The part of Electron's `process.parentPort` that we use. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
}

const stop = { aborted: false };
const pause = { isWanted: false };
let hasAnswered = false;

function openChannel(): Channel {
  const [, script, option, folder] = process.argv;
  if (script && option === '--mailbox' && folder) return openMailbox(folder, script);
  const { parentPort } = process as NodeJS.Process & { parentPort?: ParentPort };
  if (parentPort)
    return {
      send(message, sent) {
        parentPort.postMessage(message);
        if (sent) setTimeout(sent, ELECTRON_FLUSH_MS);
      },
      onMessage: (listener) => parentPort.on('message', (event) => listener(event.data)),
    };
  if (!process.send) throw new Error('a compute process is started by Maskloop, not by hand');
  dieWithParent();
  return {
    send(message, sent) {
      if (process.connected) process.send?.(message, undefined, undefined, () => sent?.());
      else sent?.();
    },
    onMessage: (listener) => process.on('message', listener),
  };
}

/** To idle priority. On Linux a thread hands it on to those it makes, so before TensorFlow and the batch thread come. */
function stepBack(): void {
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch (thrown) {
    const detail = `idle priority was refused: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    channel.send({ type: 'news', news: { type: 'problem', error: { code: 'internal', detail } } });
  }
}

const channel = openChannel();
let isRunning = false;

function answer(message: FromCompute, exitCode: number): void {
  if (hasAnswered) return;
  hasAnswered = true;
  channel.send(message, () => process.exit(exitCode));
}

const fail = (error: AppError, exitCode = 0) => answer({ type: 'failed', error }, exitCode);

channel.onMessage((raw) => {
  const message = ToCompute.safeParse(raw);
  if (!message.success) return fail({ code: 'contract/bad-input', issues: message.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) });
  if (message.data.type === 'stop') {
    stop.aborted = true;
    return;
  }
  if (message.data.type === 'pause') {
    pause.isWanted = message.data.isWanted;
    return;
  }
  if (isRunning) return fail({ code: 'internal', detail: 'a compute process runs one task' });
  isRunning = true;
  if (message.data.jobId) ownTemporaries(message.data.jobId);
  message.data.vaults?.forEach((vault) => openVault(vault));
  if (message.data.isBackground) stepBack();
  void runTask(message.data.input, { tell: (news) => channel.send({ type: 'news', news }), stop, pause }).then((result) =>
    result.ok ? answer({ type: 'done', summary: result.value, stopped: stop.aborted }, 0) : fail(result.error),
  );
});

process.on('uncaughtException', (thrown) => fail(toAppError(thrown), 1));
process.on('unhandledRejection', (thrown) => fail(toAppError(thrown), 1));
