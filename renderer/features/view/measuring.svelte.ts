import type { Measurement } from '../../../main/contract/measurements.ts';
import type { CaseId } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import type { Notices } from '../../lib/notices.svelte.ts';
import type { MprViewer } from '../../viewer/mprViewer.ts';
import { middleLpsMm } from './measurementGeometry.ts';

/** A hand that drags an end tells of every step; the last one is kept. */
const SETTLED_MS = 400;

/** The measurements of the open case, each on disk as soon as the hand rests. */
export class Measuring {
  #viewer: MprViewer | null = null;
  #caseId: CaseId | null = null;
  #list = $state.raw<readonly Measurement[]>([]);
  readonly #unsaved = new Map<string, { readonly timer: number; readonly save: () => void }>();

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {}

  /** Oldest first. */
  get list(): readonly Measurement[] {
    return this.#list;
  }

  attach(viewer: MprViewer | null): void {
    if (viewer === null) this.#leave();
    this.#viewer = viewer;
  }

  /** `isAnew`: the viewer has thrown away what lay over the case before. */
  async caseShown(caseId: CaseId | null, isAnew: boolean): Promise<void> {
    if (caseId === this.#caseId && !isAnew) return;
    this.#leave();
    this.#caseId = caseId;
    if (caseId === null) return;
    const kept = await this.notices.attempt(() => this.api.call('measurements.list', { caseId }));
    if (!kept || this.#caseId !== caseId) return;
    this.#list = kept.measurements;
    this.#viewer?.measurements.show(kept.measurements);
  }

  #leave(): void {
    for (const { save } of [...this.#unsaved.values()]) save();
    this.#caseId = null;
    this.#list = [];
  }

  /** Told by the viewer. */
  readonly changed = (measurement: Measurement): void => {
    const caseId = this.#caseId;
    if (caseId === null) return;
    const { measurementId } = measurement;
    const place = this.#list.findIndex((one) => one.measurementId === measurementId);
    if (place >= 0 && JSON.stringify(this.#list[place]) === JSON.stringify(measurement)) return;
    this.#list = place < 0 ? [...this.#list, measurement] : this.#list.map((one, n) => (n === place ? measurement : one));
    clearTimeout(this.#unsaved.get(measurementId)?.timer);
    const save = (): void => {
      clearTimeout(this.#unsaved.get(measurementId)?.timer);
      this.#unsaved.delete(measurementId);
      void this.notices.attempt(() => this.api.call('measurements.put', { caseId, measurement }));
    };
    this.#unsaved.set(measurementId, { timer: window.setTimeout(save, SETTLED_MS), save });
  };

  async remove({ measurementId }: Measurement): Promise<void> {
    const caseId = this.#caseId;
    if (caseId === null) return;
    clearTimeout(this.#unsaved.get(measurementId)?.timer);
    this.#unsaved.delete(measurementId);
    const removed = await this.notices.attempt(() => this.api.call('measurements.remove', { caseId, measurementId }));
    if (removed === undefined || this.#caseId !== caseId) return;
    this.#list = this.#list.filter((one) => one.measurementId !== measurementId);
    this.#viewer?.measurements.remove(measurementId);
  }

  /** Every plane to its middle. */
  goTo(measurement: Measurement): void {
    this.#viewer?.planes.jumpTo(middleLpsMm(measurement));
  }
}
