import { createContext } from 'svelte';
import type { CaseDetail } from '../../../main/contract/api.ts';
import { COMPLETE, type Completeness } from '../../../main/contract/completeness.ts';
import { typeOfLabels } from '../../../main/contract/labelType.ts';
import type { CaseId, Segment } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import { t } from '../../lib/messages/messages.svelte.ts';
import type { Notices } from '../../lib/notices.svelte.ts';
import { voxelArray } from '../../viewer/voxelArray.ts';
import type { CursorReading, MprViewer } from '../../viewer/mprViewer.ts';
import { ActiveTime } from './activeTime.ts';
import { watchForWork } from './watchForWork.ts';
import type { MaskChange } from '../../viewer/edit/strokeEntries.ts';
import type { ViewerTool } from '../../viewer/mprTools.ts';
import type { GreyWindow } from '../../viewer/windowLevel.ts';
import { activityTeller } from './activityTeller.ts';
import { fetchCase, saveOnTop } from './caseBytes.ts';
import { CaseMasks } from './caseMasks.svelte.ts';
import { Editing } from './editing.svelte.ts';
import { Prompting } from './prompting.svelte.ts';
import { MaskComparison } from './maskComparison.svelte.ts';
import { MaskLook } from './maskLook.svelte.ts';
import { paintsBackground, withSliceToggled } from './paintedBackground.ts';
import { sameViewLater } from './sameView.ts';
import { shownLegend } from './shownLegend.ts';
import { UnsavedStrokes } from './unsavedStrokes.svelte.ts';

/** The case that is open and the editing of its mask. Voxels stay outside of Svelte's state. */
export class Annotator {
  #viewer: MprViewer | null = null;
  #open = $state.raw<CaseDetail | null>(null);
  #loading = $state(false);
  #saving = $state(false);
  #dirty = $state(false);
  #edits = 0;
  readonly #tellActivity: () => void;
  /** Makes the undo buttons look at the history of the viewer again. */
  #historyMoves = $state(0);
  #tool = $state<ViewerTool>('windowLevel');
  readonly editing: Editing;
  readonly prompting: Prompting;
  readonly look = new MaskLook();
  #activeLabel = $state(1);
  #cursor = $state.raw<CursorReading | null>(null);
  #window = $state.raw<GreyWindow | null>(null);
  /** As it will be saved. */
  #completeness = $state.raw<Completeness>(COMPLETE);
  #axialSlice = $state<number | null>(null);
  /** Another revision appeared while there were unsaved strokes. */
  #newerRevision = $state<number | null>(null);
  #legend: readonly Segment[] = [];
  #requested: CaseId | null = null;
  /** Which of its masks; absent: the one that trainings learn from. */
  #requestedMask: number | undefined;
  /** An opening that was asked for later makes an earlier one void. */
  #openings = 0;
  readonly #time = new ActiveTime();
  readonly comparison: MaskComparison;
  readonly masks: CaseMasks;
  readonly strokes: UnsavedStrokes;

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {
    this.#tellActivity = activityTeller(api);
    this.editing = new Editing(notices);
    this.prompting = new Prompting(api, notices, this.editing, this);
    this.comparison = new MaskComparison(this, notices);
    this.strokes = new UnsavedStrokes(api, notices);
    this.masks = new CaseMasks(api, notices, this);
  }

  get openCase(): CaseDetail | null {
    return this.#open;
  }
  get loading(): boolean {
    return this.#loading;
  }
  get saving(): boolean {
    return this.#saving;
  }
  get dirty(): boolean {
    return this.#dirty;
  }
  get tool(): ViewerTool {
    return this.#tool;
  }
  get activeLabel(): number {
    return this.#activeLabel;
  }
  get cursor(): CursorReading | null {
    return this.#cursor;
  }
  get window(): GreyWindow | null {
    return this.#window;
  }
  get completeness(): Completeness {
    return this.#completeness;
  }
  /** Along k of the stored grid. */
  get axialSlice(): number | null {
    return this.#axialSlice;
  }
  get paintsBackground(): boolean {
    return paintsBackground(this.#completeness, this.#legend);
  }
  get newerRevision(): number | null {
    return this.#newerRevision;
  }
  /** Name of the step that undo takes back. */
  get undoName(): string | null {
    return this.#historyMoves >= 0 ? (this.#viewer?.history.undoName ?? null) : null;
  }
  get redoName(): string | null {
    return this.#historyMoves >= 0 ? (this.#viewer?.history.redoName ?? null) : null;
  }
  get viewer(): MprViewer | null {
    return this.#viewer;
  }

  /** Returns the unsubscribe function. */
  start(): () => void {
    const stopWatching = watchForWork(() => this.#time.activity(Date.now()));
    const unsubscribe = this.api.subscribe((event) => {
      if (event.type === 'cases' && this.#open && event.caseIds.includes(this.#open.caseId)) void this.#refresh();
    });
    const stopPrompting = this.prompting.start();
    return () => {
      unsubscribe();
      stopPrompting();
      this.strokes.stop();
      stopWatching();
    };
  }

  attach(viewer: MprViewer): void {
    this.#viewer = viewer;
    viewer.setTool(this.#tool);
    this.editing.attach(viewer.editing);
    this.prompting.attach(viewer.editing);
    this.look.attach(viewer);
    if (this.#requested) void this.open(this.#requested);
  }

  detach(): void {
    this.#viewer = null;
    this.editing.detach();
    this.prompting.detach();
    this.look.detach();
    this.#open = null;
    this.#openings++;
    this.#requested = null;
    this.#requestedMask = undefined;
    this.#dirty = false;
    this.strokes.stop();
    this.#time.open(null, Date.now());
  }

  readonly viewerEvents = {
    edit: (change: MaskChange): void => {
      this.#edits++;
      this.#dirty = true;
      this.strokes.edited(change);
      this.comparison.hide();
      this.#tellActivity();
    },
    unfinished: (change: MaskChange): void => this.strokes.unfinished(change),
    history: (): void => void this.#historyMoves++,
    cursor: (reading: CursorReading | null): void => void (this.#cursor = reading),
    slice: (indexK: number | null): void => void (this.#axialSlice = indexK),
    window: (window: GreyWindow): void => void (this.#window = window),
  };

  /**
   * Fetches image and mask together and shows them. The caller has asked about unsaved strokes before. Without `mask` it is
   * the one that is shown, or of another case the one that trainings learn from.
   */
  async open(caseId: CaseId, mask = caseId === this.#requested ? this.#requestedMask : undefined): Promise<void> {
    const opening = ++this.#openings;
    this.#requestedMask = mask;
    this.#requested = caseId;
    const viewer = this.#viewer;
    if (!viewer) return;
    this.#loading = true;
    await this.notices.attempt(async () => {
      const { detail, completeness, bytes, labels } = await fetchCase(this.api, caseId, mask);
      if (this.#openings !== opening) return; // another case was clicked meanwhile
      const found = await this.strokes.recovery.find(detail, labels);
      if (this.#openings !== opening) return;
      const voxels = voxelArray(detail.voxelType, bytes);
      this.comparison.hide();
      const goBack = this.#open?.caseId === caseId ? sameViewLater(viewer, this.#window) : null;
      this.#open = null;
      this.strokes.leave();
      this.#completeness = found?.change.completeness ?? completeness;
      await viewer.show(
        { grid: detail.grid, modality: detail.modality, voxels, labels, spareLabelValues: found?.change.labelValues ?? [] },
        shownLegend(this.#legend, this.paintsBackground),
      );
      goBack?.();
      this.#chooseShownLabel(shownLegend(this.#legend, this.paintsBackground));
      viewer.setActiveSegment(this.#activeLabel);
      viewer.setTool(this.#tool);
      this.#open = detail;
      this.#requestedMask = detail.mask;
      this.#time.open(caseId, Date.now());
      this.#dirty = false;
      this.#newerRevision = null;
      this.#historyMoves++;
      this.strokes.begin(detail, found, viewer);
      if (found) this.#dirty = true;
    });
    if (this.#openings === opening) this.#loading = false;
  }

  /** The case as it was saved; what was recovered, and painted since, is kept aside. */
  async discardRecovered(): Promise<void> {
    const { caseId } = this.#open ?? {};
    if (caseId && (await this.strokes.discardRecovered())) await this.open(caseId);
  }

  /** The user does not want what is painted. */
  async dropStrokes(): Promise<void> {
    await this.strokes.drop();
    this.#dirty = false;
  }

  /** A new revision (a prediction, say) is shown at once, unless that would lose strokes. */
  async #refresh(): Promise<void> {
    const shown = this.#open;
    if (!shown || this.#saving) return;
    const detail = await this.notices.attempt(() => this.api.call('dataset.openCase', { caseId: shown.caseId, mask: shown.mask }));
    if (!detail || this.#open?.caseId !== detail.caseId || this.#open.mask !== detail.mask) return;
    if (detail.latestRevision === shown.latestRevision) this.#open = detail;
    else if (this.#dirty) this.#newerRevision = detail.latestRevision;
    else await this.open(detail.caseId);
  }

  /** True when there is nothing left to save. Never drops the mask: on failure it stays in the viewer. */
  async save(): Promise<boolean> {
    const detail = this.#open;
    if (!detail || this.#saving) return false;
    if (!this.#dirty) return true;
    const labels = this.#viewer?.copyLabels();
    if (!labels) return false;
    this.#saving = true;
    const editsBefore = this.#edits;
    const journalSaved = this.strokes.saveBegins();
    const activeSeconds = this.#time.secondsOf(detail.caseId, Date.now());
    const saved = await this.notices.attempt(async () => {
      const uploadId = await this.api.upload(labels);
      return saveOnTop(this.api, detail, { uploadId, labelType: typeOfLabels(labels), completeness: this.#completeness, activeSeconds });
    });
    if (saved) {
      this.#time.told(detail.caseId, activeSeconds);
      this.#dirty = this.#edits !== editsBefore;
      await journalSaved(saved.revision);
      this.#newerRevision = null;
      this.#open = await this.api.call('dataset.openCase', { caseId: detail.caseId, mask: detail.mask });
      this.notices.say(t('revisions.saved', { revision: String(saved.revision) }));
    }
    this.#saving = false;
    return saved !== undefined;
  }

  /** Saves what is painted and marks it as the truth of this case. */
  async accept(): Promise<void> {
    if (this.#dirty && !(await this.save())) return;
    const { caseId, latestRevision } = this.#open ?? {};
    if (!caseId || !latestRevision) return;
    const activeSeconds = this.#time.secondsOf(caseId, Date.now());
    const accepted = await this.notices.attempt(() => this.api.call('labels.accept', { caseId, revision: latestRevision, activeSeconds }));
    if (accepted) this.#time.told(caseId, activeSeconds);
    await this.#refresh();
  }

  async restore(revision: number): Promise<void> {
    const { caseId } = this.#open ?? {};
    if (!caseId) return;
    const done = await this.notices.attempt(() => this.api.call('labels.restore', { caseId, revision }));
    if (done) await this.open(caseId);
  }

  /** Saved with the next revision. */
  setCompleteness(change: Partial<Completeness>): void {
    if (!this.#open) return;
    this.#completeness = { ...this.#completeness, ...change };
    this.strokes.completenessChanged(this.#completeness);
    this.#edits++;
    this.#dirty = true;
    this.#showLegend();
  }
  /** Of the axial slice that is shown. */
  toggleSliceComplete(): void {
    if (this.#axialSlice !== null && this.#completeness.unpainted === 'unknown') this.setCompleteness(withSliceToggled(this.#completeness, this.#axialSlice));
  }

  setLegend(legend: readonly Segment[]): void {
    this.#legend = legend;
    this.#showLegend();
  }
  #chooseShownLabel(legend: readonly Segment[]): void {
    if (!legend.some((s) => s.labelValue === this.#activeLabel) && legend[0]) this.setActiveLabel(legend[0].labelValue);
  }
  #showLegend(): void {
    const legend = shownLegend(this.#legend, this.paintsBackground);
    this.#chooseShownLabel(legend);
    if (!this.#open) return;
    this.#viewer?.setSegments(legend);
    this.#viewer?.setActiveSegment(this.#activeLabel);
  }

  setTool(tool: ViewerTool): void {
    this.#tool = tool;
    this.#viewer?.setTool(tool);
  }
  setActiveLabel(labelValue: number): void {
    this.#activeLabel = labelValue;
    if (this.#open) this.#viewer?.setActiveSegment(labelValue);
  }
  undo(): void {
    this.#viewer?.undo();
  }
  redo(): void {
    this.#viewer?.redo();
  }
}

export const [getAnnotator, setAnnotator] = createContext<Annotator>();
