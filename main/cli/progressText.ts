import type { JobEvent, Progress } from '../contract/jobs.ts';
import { formatDuration } from './duration.ts';

const phaseNames: Record<Progress['phase'], string> = {
  waiting: 'Waiting for a node',
  starting: 'Starting',
  scanning: 'Looking through the folders',
  reading: 'Reading',
  fingerprint: 'Measuring the data',
  planning: 'Planning',
  preprocessing: 'Preparing',
  training: 'Training',
  paused: 'Paused',
  validating: 'Validating',
  predicting: 'Predicting',
  evaluating: 'Comparing',
  writing: 'Writing',
  receiving: 'Receiving',
  sending: 'Sending',
};

/** One line that says how far a job is; remembers the latest figures of a training. */
export class ProgressText {
  #progress: Progress | null = null;
  #loss: number | null = null;
  #dice: number | null = null;

  get phase(): string {
    return this.#progress?.phase ?? '';
  }

  /** The line after this event, or `null` when the event does not change it. */
  after(event: JobEvent): string | null {
    switch (event.type) {
      case 'queued':
        this.#progress = this.#loss = this.#dice = null;
        return null;
      case 'progress':
        this.#progress = event.progress;
        break;
      case 'metric':
        if (event.metric.name === 'trainLoss') this.#loss = event.metric.value;
        else if (event.metric.name === 'valDice' && event.metric.label === undefined) this.#dice = event.metric.value;
        else return null;
        break;
      case 'started':
      case 'movedUp':
      case 'retrying':
      case 'interrupted':
      case 'resumed':
      case 'problem':
      case 'succeeded':
      case 'failed':
      case 'cancelled':
        return null;
    }
    return this.#progress && this.#text(this.#progress);
  }

  #text({ phase, done, total, secondsLeft }: Progress): string {
    const parts = [phaseNames[phase]];
    if (phase === 'scanning' && done > 0) parts.push(`${done} files`);
    if (total > 0) parts.push(`${Math.min(100, Math.floor((100 * done) / total))} %`);
    if (phase === 'training' || phase === 'validating') {
      if (this.#loss !== null) parts.push(`loss ${this.#loss.toFixed(3)}`);
      if (this.#dice !== null) parts.push(`Dice ${this.#dice.toFixed(3)}`);
    }
    if (secondsLeft !== undefined) parts.push(`${formatDuration(secondsLeft)} left`);
    return parts.join(' · ');
  }
}
