/** How the editing tools are set, which segments they leave alone, and the operation that runs. */
import { t } from '../../lib/messages/messages.svelte.ts';
import type { Notices } from '../../lib/notices.svelte.ts';
import { FIRST_SETTINGS } from '../../viewer/edit/editSettings.ts';
import type { EditSettings } from '../../viewer/edit/editSettings.ts';
import type { EditTools } from '../../viewer/edit/editTools.ts';
import type { GreyRange } from '../../viewer/edit/maskEditor.ts';
import type { PaintOver } from '../../viewer/edit/paintRules.ts';
import type { Operation } from '../../viewer/edit/voxelOperation.ts';

export const RADIUS_MM = { min: 0.5, max: 50 } as const;

export class Editing {
  #tools: EditTools | null = null;
  #settings = $state.raw<EditSettings>(FIRST_SETTINGS);
  #over = $state<PaintOver>('everything');
  #locked = $state.raw<ReadonlySet<number>>(new Set());
  #running = $state.raw<{ readonly name: string; readonly share: number } | null>(null);

  constructor(private readonly notices: Notices) {}

  get settings(): EditSettings {
    return this.#settings;
  }
  get over(): PaintOver {
    return this.#over;
  }
  /** Label values. */
  get locked(): ReadonlySet<number> {
    return this.#locked;
  }
  get running(): { readonly name: string; readonly share: number } | null {
    return this.#running;
  }

  attach(tools: EditTools): void {
    this.#tools = tools;
    tools.listen({
      radiusStep: (step) => this.stepRadius(step),
      operation: (running) => void (this.#running = running),
      failed: (message) => this.notices.fail(new Error(message)),
    });
    tools.set(this.#settings);
    tools.setRules(this.#over, this.#locked);
  }
  detach(): void {
    this.#tools = null;
    this.#running = null;
  }

  set(change: Partial<EditSettings>): void {
    const next = { ...this.#settings, ...change };
    const radiusMm = Math.min(RADIUS_MM.max, Math.max(RADIUS_MM.min, next.radiusMm));
    this.#settings = { ...next, radiusMm };
    this.#tools?.set(this.#settings);
  }
  /** By half a millimetre while small. */
  stepRadius(step: 1 | -1): void {
    const { radiusMm } = this.#settings;
    const isSmall = step > 0 ? radiusMm < 4 : radiusMm <= 4;
    this.set({ radiusMm: radiusMm + step * (isSmall ? 0.5 : 1) });
  }

  setOver(over: PaintOver): void {
    this.#over = over;
    this.#tools?.setRules(over, this.#locked);
  }
  toggleLocked(labelValue: number): void {
    const locked = new Set(this.#locked);
    if (!locked.delete(labelValue)) locked.add(labelValue);
    this.#locked = locked;
    this.#tools?.setRules(this.#over, locked);
  }

  /** Null: no longer. */
  previewGreys(range: GreyRange | null): void {
    this.#tools?.previewGreys(range);
  }
  /** Range of grey values in the image; null while no case is open. */
  get greyExtent(): GreyRange | null {
    return this.#tools?.greyExtent() ?? null;
  }

  async operate(name: string, operation: Operation): Promise<void> {
    const outcome = await this.#tools?.operate(name, operation);
    if (outcome === 'unchanged') this.notices.say(t('editing.unchanged', { name }));
    if (outcome === 'nothing') this.notices.say(t('editing.nothing', { name }));
  }
  slotOf(labelValue: number): number | undefined {
    return this.#tools?.slotOf(labelValue);
  }
  cancelOperation(): void {
    this.#tools?.cancelOperation();
  }
}
