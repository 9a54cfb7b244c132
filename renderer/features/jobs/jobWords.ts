/** Jobs in words: where they are, how long, and what happened in which order. */
import type { JobEvent, JobSummary, Progress } from '../../../main/contract/jobs.ts';
import { errorText } from '../../lib/messages/errorText.ts';
import { formatNumber, formatTime, t } from '../../lib/messages/messages.svelte.ts';
import { timeLeft, type PhaseStart } from './timeLeft.ts';

const SHOWN_LINES = 200;
export interface LogLine {
  readonly seq: number;
  readonly time: string;
  readonly text: string;
  readonly isBad: boolean;
}

export function durationText(seconds: number): string {
  if (seconds < 90) return t('jobs.seconds', { count: Math.ceil(seconds) });
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? t('jobs.minutes', { count: minutes }) : t('jobs.hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

export function timeLeftText(progress: Progress, start: PhaseStart | undefined, atMs: number): string {
  const left = timeLeft(progress, start, atMs);
  return left ? t(left.isEstimate ? 'jobs.leftAbout' : 'jobs.left', { time: durationText(left.seconds) }) : '';
}

export function stateText({ state, progress, retry }: JobSummary): string {
  if (retry) return t('jobs.retry', { attempt: retry.attempt, attempts: retry.attempts });
  return state === 'running' ? t(`jobPhase.${progress?.phase ?? 'starting'}`) : t(`jobState.${state}`);
}

function eventText(event: JobEvent): string {
  switch (event.type) {
    case 'progress':
      return `${t(`jobPhase.${event.progress.phase}`)} ${t('jobs.of', { done: event.progress.done, total: event.progress.total })}`;
    case 'metric':
      return t('jobLog.metric', {
        name: event.metric.label ? `${event.metric.name} ${event.metric.label}` : event.metric.name,
        value: formatNumber(event.metric.value, { maximumSignificantDigits: 4 }),
        step: event.metric.step,
      });
    case 'problem':
    case 'failed':
      return errorText(event.error);
    case 'retrying':
      return `${errorText(event.error)} ${t('jobs.retry', { attempt: event.attempt, attempts: event.attempts })}`;
    case 'queued':
      return `${t('jobLog.queued')}: ${event.title}`;
    case 'started':
    case 'succeeded':
    case 'cancelled':
    case 'movedUp':
    case 'interrupted':
    case 'resumed':
      return t(`jobLog.${event.type}`);
  }
}

/** Pure but for the language: the last lines; of the progress of a phase only the latest, or the log would be nothing else. */
export function logLines(events: readonly JobEvent[]): { readonly lines: readonly LogLine[]; readonly omitted: number } {
  const kept = events.filter((event, index) => {
    const next = events[index + 1];
    return !(event.type === 'progress' && next?.type === 'progress' && next.progress.phase === event.progress.phase);
  });
  const lines = kept
    .slice(-SHOWN_LINES)
    .map((event) => ({
      seq: event.seq,
      time: formatTime(event.atMs),
      text: eventText(event),
      isBad: event.type === 'failed' || event.type === 'problem' || event.type === 'retrying',
    }));
  return { lines, omitted: kept.length - lines.length };
}
