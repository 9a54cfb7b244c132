/**
 * The left button, a pen or one finger on the planes while an editing tool is chosen. The events never reach Cornerstone,
 * which would wait 400 ms for a double click; it goes on panning, zooming and turning slices.
 */
import { Enums } from '@cornerstonejs/core';
import type { Types } from '@cornerstonejs/core';
import type { VoxelBox } from '../../../main/contract/proposal.ts';
import { t } from '../../lib/messages/messages.svelte.ts';
import { ContourGesture } from './contourGesture.ts';
import { EditPlane } from './editPlane.ts';
import type { Pixel } from './editPlane.ts';
import { FIRST_SETTINGS } from './editSettings.ts';
import type { EditSettings, EditTool } from './editSettings.ts';
import { BrushGesture, OutlineGesture } from './gestures.ts';
import type { Gesture, Surface } from './gestures.ts';
import { GreyPreview } from './greyPreview.ts';
import type { PreviewedImage } from './greyPreview.ts';
import { voxelAt } from './gridFrame.ts';
import type { LabelmapLayer } from './labelmapLayer.ts';
import type { GreyRange, Paint, Triple } from './maskEditor.ts';
import type { Prompt } from './promptBoxes.ts';
import { PromptGesture } from './promptGesture.ts';
import { ProposalLayer } from './proposalLayer.ts';
import { connectedInSlice } from './operations/connectedInSlice.ts';
import { OperationRunner } from './operationRunner.ts';
import { outlineRows } from './outlineRows.ts';
import type { Outline } from './outlineRows.ts';
import type { PaintOver } from './paintRules.ts';
import type { Operation } from './voxelOperation.ts';

const stepName = (tool: EditTool): string => t(`tool.${tool}`);
const BRUSHES: readonly EditTool[] = ['brush', 'eraser', 'push'];
const ERASER_COLOR = 'rgb(255, 255, 255)';

/** Enter and Escape are the field's or the dialog's. */
const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('dialog, [role=dialog], input:not([type=range]), textarea, select') !== null;

export type EditCase = PreviewedImage;

export interface EditEvents {
  /** Ctrl or Shift with the wheel. */
  radiusStep(step: 1 | -1): void;
  /** Null: no operation runs. */
  operation(running: { readonly name: string; readonly share: number } | null): void;
  failed(message: string): void;
}
/** A network is asked for a proposal; it is taken or dropped by key. */
export interface PromptEvents {
  asked(prompt: Prompt, at: Triple): void;
  accepted(): void;
  /** Also when another tool or case comes. */
  dropped(): void;
}
const NOBODY: EditEvents = { radiusStep: () => undefined, operation: () => undefined, failed: () => undefined };

export class EditTools {
  readonly #planes: readonly EditPlane[];
  readonly #stops: (() => void)[] = [];
  #case: EditCase | null = null;
  #tool: EditTool | null = null;
  #settings = FIRST_SETTINGS;
  #gesture: { readonly gesture: Gesture; readonly plane: EditPlane } | null = null;
  #pointer: { readonly plane: EditPlane; readonly pixel: Pixel; readonly isErasing: boolean } | null = null;
  readonly #previews: readonly GreyPreview[];
  /** What a network proposes. */
  readonly proposals: ProposalLayer;
  #prompts: PromptEvents | null = null;
  readonly #runner = new OperationRunner();
  #isRunning = false;
  #on = NOBODY;

  constructor(
    readonly layer: LabelmapLayer,
    views: readonly { readonly element: HTMLElement; viewport(): Types.IVolumeViewport }[],
  ) {
    this.#planes = views.map(({ element, viewport }) => new EditPlane(element, viewport));
    this.#previews = views.map(({ element, viewport }) => new GreyPreview(element, viewport));
    this.proposals = new ProposalLayer(views);
    for (const plane of this.#planes) this.#watch(plane);
    const onKey = (event: KeyboardEvent): void => this.#key(event);
    window.addEventListener('keydown', onKey, { capture: true });
    window.addEventListener('keyup', onKey, { capture: true });
    this.#stops.push(() => {
      window.removeEventListener('keydown', onKey, { capture: true });
      window.removeEventListener('keyup', onKey, { capture: true });
    });
  }

  #watch(plane: EditPlane): void {
    const listen = <K extends keyof HTMLElementEventMap>(type: K, listener: (event: HTMLElementEventMap[K]) => void): void => {
      plane.element.addEventListener(type, listener as EventListener, { capture: true, passive: false });
      this.#stops.push(() => plane.element.removeEventListener(type, listener as EventListener, { capture: true }));
    };
    const keep = (event: MouseEvent | TouchEvent): void => {
      const isOurs = 'touches' in event ? event.touches.length <= 1 : event.button === 0;
      if (this.#tool === null || this.#case === null || !isOurs) return; // while an operation runs as well
      event.stopImmediatePropagation();
      if (event.cancelable) event.preventDefault();
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur(); // or keys would go on into a field
    };
    for (const type of ['mousedown', 'touchstart', 'touchmove', 'dblclick'] as const) listen(type, keep);
    listen('focus', () => plane.element.blur()); // Cornerstone lets a click focus the plane and then takes every key for itself
    listen('pointerdown', (event) => this.#press(plane, event));
    listen('pointermove', (event) => this.#move(plane, event));
    listen('pointerup', (event) => this.#release(plane, event));
    listen('pointercancel', () => this.#cancel());
    listen('pointerleave', () => {
      this.#pointer = null;
      if (!this.#gesture) plane.drawNothing();
    });
    const redraw = (): void => {
      if (this.#gesture?.plane === plane) this.#gesture.gesture.redraw?.();
    };
    plane.element.addEventListener(Enums.Events.IMAGE_RENDERED, redraw);
    this.#stops.push(() => plane.element.removeEventListener(Enums.Events.IMAGE_RENDERED, redraw));
    listen('wheel', (event) => {
      if (!this.#isReady || !this.#isBrush || !(event.ctrlKey || event.shiftKey)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      this.#on.radiusStep(event.deltaY + event.deltaX < 0 ? 1 : -1); // with Shift some systems turn the wheel sideways
    });
  }

  get #isReady(): boolean {
    return this.#tool !== null && this.#case !== null && !this.#isRunning;
  }
  get #isBrush(): boolean {
    return this.#tool !== null && BRUSHES.includes(this.#tool);
  }

  show(editCase: EditCase | null): void {
    this.#cancel();
    this.#prompts?.dropped();
    this.#runner.stop();
    this.previewGreys(null);
    this.#case = editCase;
  }

  select(tool: EditTool | null): void {
    this.#cancel();
    this.#prompts?.dropped();
    this.#tool = tool;
    for (const plane of this.#planes) {
      plane.drawNothing();
      plane.element.style.cursor = tool ? 'crosshair' : '';
      plane.element.style.touchAction = tool ? 'none' : '';
    }
    this.#preview();
  }

  set(settings: EditSettings): void {
    this.#settings = settings;
    this.#preview();
  }

  /** Segments by label value. */
  setRules(over: PaintOver, locked: ReadonlySet<number>): void {
    this.layer.setPaintRules(over, locked);
  }

  listenToPrompts(events: PromptEvents): void {
    this.#prompts = events;
  }
  listen(events: EditEvents): void {
    this.#on = events;
  }

  /** Which voxels a threshold would take, in the colour of the active segment; null: no longer. */
  previewGreys(range: GreyRange | null): void {
    for (const preview of this.#previews) {
      if (range && this.#case) preview.show(this.#case, range, this.layer.colorOfActive);
      else preview.hide();
    }
  }

  /** One step in the history, worked out in a thread of its own; nothing else edits meanwhile. Told to whoever listens. */
  async operate(name: string, operation: Operation): Promise<'done' | 'unchanged' | 'nothing' | 'cancelled' | 'failed'> {
    const { layer } = this;
    const slot = layer.activeSlot;
    if (!this.#case || slot === undefined || this.#isRunning) return 'nothing';
    const { grid, voxels } = this.#case;
    this.#cancel();
    this.#isRunning = true;
    this.#on.operation({ name, share: 0 });
    try {
      const { version } = layer;
      const task = { operation, spacingMm: grid.spacingMm, slot, paintable: layer.paintable, erasable: layer.erasable, greys: null };
      const outcome = await this.#runner.run(task, layer.editor.voxels, grid.dimsIjk, voxels, (share) => this.#on.operation({ name, share }));
      if (!outcome) return 'cancelled';
      if (!outcome.hadWork) return 'nothing';
      if (layer.version !== version) throw new Error(t('editing.changedMeanwhile'));
      return layer.applyStep(name, outcome.slices) > 0 ? 'done' : 'unchanged';
    } catch (thrown) {
      this.#on.failed(`${name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      return 'failed';
    } finally {
      this.#isRunning = false;
      this.#on.operation(null);
    }
  }
  /** Lowest and highest grey value, of at most some thousand voxels evenly spread; null while no case is shown. */
  greyExtent(): GreyRange | null {
    if (!this.#case) return null;
    const { voxels } = this.#case;
    const step = Math.max(1, Math.floor(voxels.length / 50_000));
    let [lower, upper] = [Infinity, -Infinity];
    for (let n = 0; n < voxels.length; n += step) {
      if (voxels[n]! < lower) lower = voxels[n]!;
      if (voxels[n]! > upper) upper = voxels[n]!;
    }
    return { lower, upper };
  }
  /** In the colour of the active segment. */
  showProposal(box: VoxelBox, levels: Uint8Array<ArrayBuffer>, lowest: number): void {
    if (this.#case) this.proposals.show(this.#case.grid, box, levels, lowest, this.layer.colorOfActive);
  }
  slotOf(labelValue: number): number | undefined {
    return this.layer.slotOf(labelValue);
  }
  cancelOperation(): void {
    this.#runner.stop();
  }
  #press(plane: EditPlane, event: PointerEvent): void {
    const { grid } = this.#case ?? {};
    if (!grid || !this.#isReady || !this.#tool || event.button !== 0 || !event.isPrimary) return;
    event.stopImmediatePropagation();
    const pixel = plane.pixelOf(event);
    if (this.#gesture) {
      if (this.#gesture.plane !== plane) return;
      plane.element.setPointerCapture(event.pointerId);
      this.#gesture.gesture.press?.(pixel, event.shiftKey || event.altKey);
      return;
    }
    plane.element.setPointerCapture(event.pointerId);
    const gesture = this.#begin(this.#tool, { layer: this.layer, grid, plane }, pixel, event.shiftKey || event.altKey);
    this.#gesture = gesture && { gesture, plane };
  }

  #move(plane: EditPlane, event: PointerEvent): void {
    if (!this.#isReady || !event.isPrimary) return;
    const isErasing = this.#tool === 'eraser' || event.shiftKey || event.altKey;
    this.#pointer = { plane, pixel: plane.pixelOf(event), isErasing };
    if (this.#gesture?.plane === plane) {
      const parts = event.getCoalescedEvents?.() ?? [];
      for (const part of parts.length > 0 ? parts : [event]) this.#gesture.gesture.move(plane.pixelOf(part));
    }
    this.#preview();
  }

  #release(plane: EditPlane, event: PointerEvent): void {
    if (this.#gesture?.plane !== plane || event.button !== 0) return;
    if (this.#gesture.gesture.release(plane.pixelOf(event))) this.#gesture = null;
  }

  #key(event: KeyboardEvent): void {
    if (this.#tool === 'prompt' && event.type === 'keydown' && ['Enter', 'Escape'].includes(event.key) && !isTyping(event.target) && !this.#gesture) {
      if (event.key === 'Escape') this.#prompts?.dropped();
      else if (this.proposals.operation) this.#prompts?.accepted();
      else return;
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    if (this.#pointer && (event.key === 'Shift' || event.key === 'Alt') && !this.#gesture) {
      this.#pointer = { ...this.#pointer, isErasing: event.type === 'keydown' || this.#tool === 'eraser' };
      this.#preview();
    }
    if (!this.#gesture || event.type !== 'keydown') return;
    if (event.key === 'Escape') this.#cancel();
    else if (!['Enter', 'Backspace', 'Delete'].includes(event.key)) return;
    else if (this.#gesture.gesture.key?.(event.key) === 'over') this.#gesture = null;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #cancel(): void {
    if (this.proposals.operation) this.#prompts?.dropped();
    this.#gesture?.gesture.cancel();
    this.#gesture = null;
  }

  #preview(): void {
    if (!this.#pointer || !this.#isReady || !this.#isBrush) return;
    const { plane, pixel, isErasing } = this.#pointer;
    plane.drawCircle(pixel, this.#settings.radiusMm, isErasing ? ERASER_COLOR : `rgb(${this.layer.colorOfActive.join()})`, isErasing);
  }

  #begin(tool: EditTool, surface: Surface, pixel: Pixel, isErasing: boolean): Gesture | null {
    const { grid, plane } = surface;
    const at = voxelAt(plane.gridMm(grid, pixel), grid.dimsIjk, grid.spacingMm);
    switch (tool) {
      case 'brush':
      case 'eraser': {
        const paint = this.#paint(tool === 'eraser' || isErasing, at);
        return paint && new BrushGesture(surface, pixel, this.#settings, paint, stepName(tool === 'brush' && isErasing ? 'eraser' : tool));
      }
      case 'push': {
        const paint = this.#pushing(at);
        return paint && new BrushGesture(surface, pixel, { ...this.#settings, shape: 'circle' }, paint, stepName('push'));
      }
      case 'lasso':
      case 'polygon':
      case 'rectangle': {
        const cut = isErasing ? 'erase' : this.#settings.cut;
        const paint = this.#paint(cut !== 'fill', at);
        const side = cut === 'eraseOutside' ? 'outside' : 'inside';
        const color = cut === 'fill' ? `rgb(${this.layer.colorOfActive.join()})` : ERASER_COLOR;
        return (
          paint &&
          new OutlineGesture(surface, pixel, tool, color, (outline) => this.#cutOut({ ...outline, side, depth: this.#settings.depth }, paint, stepName(tool)))
        );
      }
      case 'contour':
        return this.#contour(surface, pixel);
      case 'fill':
        if (at) this.#fill(surface, at, isErasing);
        return null;
      case 'prompt':
        if (this.layer.activeSlot === undefined) return null;
        return new PromptGesture(surface, pixel, this.#settings.regionRadiusMm, `rgb(${this.layer.colorOfActive.join()})`, (prompt, where) =>
          this.#prompts?.asked(prompt, where),
        );
      case 'region': {
        const { tolerance, regionRadiusMm } = this.#settings;
        if (at) void this.operate(stepName('region'), { kind: 'region', region: { at, tolerance, radiusMm: regionRadiusMm } });
        return null;
      }
    }
  }

  #contour(surface: Surface, pixel: Pixel): Gesture | null {
    const { layer } = this;
    const paint = this.#paint(false, null);
    if (!paint || layer.activeSlot === undefined) return null;
    const { curve, contourMode: mode } = this.#settings;
    return new ContourGesture(surface, pixel, {
      curve,
      mode,
      paint: { ...paint, greys: null },
      erase: this.#eraseActive(),
      color: `rgb(${layer.colorOfActive.join()})`,
      done: () => void layer.commit(stepName('contour')),
    });
  }

  /** Of the active segment and nothing else. */
  #eraseActive(): Paint {
    const { activeSlot, erasable } = this.layer;
    const over = new Uint8Array(erasable.length);
    if (activeSlot !== undefined) over[activeSlot] = erasable[activeSlot]!;
    return { label: 0, over, greys: null };
  }

  /** Null when nothing is to be painted with. */
  #paint(isErasing: boolean, at: Triple | null): Paint | null {
    const label = isErasing ? 0 : this.layer.activeSlot;
    if (label === undefined) return null;
    return { label, over: isErasing ? this.layer.erasable : this.layer.paintable, greys: this.#greys(at) };
  }

  #greys(at: Triple | null): GreyRange | null {
    const { greys, greyRange, tolerance } = this.#settings;
    if (greys === 'any') return null;
    if (greys === 'range') return greyRange;
    const value = at && this.layer.editor.greyAt(at);
    return value === null ? null : { lower: value - tolerance, upper: value + tolerance };
  }

  /** Begun within the segment the circle pushes its edge outwards, begun outside of it inwards. */
  #pushing(at: Triple | null): Paint | null {
    const { activeSlot, editor } = this.layer;
    if (activeSlot === undefined) return null;
    const isWithin = at !== null && editor.labelAt(at) === activeSlot;
    if (isWithin) return this.#paint(false, at);
    return { ...this.#eraseActive(), greys: this.#greys(at) };
  }

  #cutOut(outline: Outline, paint: Paint, name: string): void {
    if (outline.depth === 'volume') {
      void this.operate(name, { kind: 'outline', outline, erases: paint.label === 0 });
      return;
    }
    const { editor } = this.layer;
    const { dimsIjk, spacingMm } = this.#case!.grid;
    outlineRows(outline, dimsIjk, spacingMm, (j, k, iFrom, iTo) => editor.paintRow(j, k, iFrom, iTo, paint));
    this.layer.commit(name);
  }

  #fill({ grid, plane }: Surface, at: Triple, isErasing: boolean): void {
    const paint = this.#paint(isErasing, at);
    if (!paint) return;
    const normal = plane.normal(grid);
    const axis = [0, 1, 2].reduce((best, one) => (Math.abs(normal[one]!) > Math.abs(normal[best]!) ? one : best), 0);
    for (const place of connectedInSlice(this.layer.editor.voxels, grid.dimsIjk, at, axis)) this.layer.editor.paintVoxel(place, paint);
    this.layer.commit(stepName('fill'));
  }

  dispose(): void {
    this.#cancel();
    this.#runner.stop();
    for (const preview of this.#previews) preview.dispose();
    this.proposals.drop();
    for (const stop of this.#stops) stop();
    for (const plane of this.#planes) plane.dispose();
  }
}
