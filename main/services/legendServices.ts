import { rm } from 'node:fs/promises';
import type { Handlers, RevisionInfo } from '../contract/api.ts';
import type { RevisionCompleteness } from '../contract/completeness.ts';
import { AppException } from '../contract/errors.ts';
import { type LegendChange, type LegendOperation, changeLegend, knownAfter, type MigrateLabelsTask, type ValueMap } from '../contract/legendChange.ts';
import type { TaskItem } from '../contract/tasks.ts';
import type { CaseId, JobId, MaskNumber, Revision } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { newJobId } from '../jobs/jobQueue.ts';
import { answer } from './answer.ts';
import type { EventHub } from './eventHub.ts';
import { copyDurably, newCompleteness } from './labelServices.ts';
import { legendIssues } from './legendIssues.ts';
import type { OpenProject, ProjectSession } from './projectSession.ts';

type Migrated = Extract<TaskItem, { kind: 'migratedLabels' }>;

/** A mask of a case that may change, as it was when the change was asked for. Deleted ones are among them: they can come back. */
interface Affected {
  readonly caseId: CaseId;
  readonly mask: MaskNumber;
  readonly latest: Revision;
  /** The accepted revision first: the latest stays the latest. */
  readonly revisions: readonly RevisionInfo[];
}

export function legendServices(session: ProjectSession, events: EventHub, author: string): Pick<Handlers, 'project.changeLegend'> {
  return { 'project.changeLegend': ({ operations }) => answer(() => ({ jobId: startChange(session.current(), events, author, operations) })) };
}

function startChange({ store, queue }: OpenProject, events: EventHub, author: string, operations: readonly LegendOperation[]): JobId | null {
  const before = { legend: store.project.legend, labelRules: store.project.labelRules };
  const change = changeLegend(before, operations);
  const issues = [...change.issues, ...(change.issues.length > 0 ? [] : legendIssues(change.legend, change.labelRules))];
  if (issues.length > 0) throw new AppException({ code: 'contract/bad-input', issues });
  const affected = change.valueMap.length === 0 ? [] : masksOf(store);
  if (affected.length === 0) {
    setLegend(store, author, change);
    events.emit({ type: 'project', isOpen: true });
    return null;
  }
  const jobId = newJobId('legend');
  const migrated: Migrated[] = [];
  const pending = pendingFiles(store, affected, jobId);
  const title = `Change the legend in up to ${affected.length} mask${affected.length === 1 ? '' : 's'}`;
  return queue.submit(
    {
      kind: 'legend',
      title,
      tasks: [() => migrationTask(store, affected, change, pending)],
      onItem(item) {
        if (item.kind === 'migratedLabels') migrated.push(item);
      },
      async onEnded(end) {
        try {
          if (end.state !== 'succeeded') return;
          await copyBackgrounds(store, migrated, pending);
          const changes = commitChange(store, author, before, change, affected, migrated, pending);
          // the one event that says what was done
          Object.assign(end.summary, { author, operations, legendBefore: before.legend, labelRulesBefore: before.labelRules, changes });
          events.emit({ type: 'project', isOpen: true });
          events.casesChanged(...changes.map(({ caseId }) => caseId));
        } finally {
          for (const file of pending.all) await rm(file, { force: true });
        }
      },
    },
    jobId,
  );
}

function setLegend(store: ProjectStore, author: string, { legend, labelRules }: Pick<LegendChange, 'legend' | 'labelRules'>): void {
  store.transaction(() => {
    store.project.setLegend(legend);
    store.project.setLabelRules(labelRules);
    store.audit.append({ actor: author, action: 'legend', facts: { legend, labelRules } });
  });
}

function masksOf(store: ProjectStore): Affected[] {
  return [...store.revisions.byCaseOfAllMasks()].flatMap(([caseId, ofCase]) =>
    [...new Set(ofCase.map(({ mask }) => mask))].map((mask) => {
      const revisions = ofCase.filter((one) => one.mask === mask);
      const latest = revisions.at(-1)!;
      const accepted = revisions.find((one) => one.accepted);
      return { caseId, mask, latest: latest.revision, revisions: accepted && accepted !== latest ? [accepted, latest] : [latest] };
    }),
  );
}

interface PendingFiles {
  mask(caseId: CaseId, revision: Revision): string;
  background(caseId: CaseId, revision: Revision): string;
  readonly all: readonly string[];
}

function pendingFiles(store: ProjectStore, affected: readonly Affected[], jobId: JobId): PendingFiles {
  const mask = (caseId: CaseId, revision: Revision) => store.folder.pendingLabels(caseId, `${jobId}-${revision}`);
  const background = (caseId: CaseId, revision: Revision) => store.folder.pendingLabels(caseId, `${jobId}-${revision}-background`);
  const all = affected.flatMap(({ caseId, revisions }) => revisions.flatMap(({ revision }) => [mask(caseId, revision), background(caseId, revision)]));
  return { mask, background, all };
}

function migrationTask(store: ProjectStore, affected: readonly Affected[], { valueMap, legend }: LegendChange, pending: PendingFiles): MigrateLabelsTask {
  const cases = affected.map(({ caseId, revisions }) => ({
    caseId,
    always: revisions.some(({ revision }) => store.revisions.completeness(caseId, revision).knownLabels !== null),
    revisions: revisions.map(({ revision }) => ({ revision, labelFile: store.folder.revision(caseId, revision), outputFile: pending.mask(caseId, revision) })),
  }));
  return { task: 'migrateLabels', valueMap, legend: [...legend], cases };
}

async function copyBackgrounds(store: ProjectStore, migrated: readonly Migrated[], pending: PendingFiles): Promise<void> {
  for (const { caseId, revision } of migrated) {
    if (store.revisions.completeness(caseId, revision).backgroundVoxelCount > 0)
      await copyDurably(store.folder.paintedBackground(caseId, revision), pending.background(caseId, revision));
  }
}

/** All in one transaction. Throws `labels/stale-parent` where somebody saved meanwhile, and then nothing has changed. */
function commitChange(
  store: ProjectStore,
  author: string,
  before: Pick<LegendChange, 'legend' | 'labelRules'>,
  change: LegendChange,
  affected: readonly Affected[],
  migrated: readonly Migrated[],
  pending: PendingFiles,
) {
  const nowMs = Date.now();
  return store.transaction(() => {
    refuseIfChanged(store, before, affected);
    const changes = affected.flatMap(({ caseId, mask, revisions }) =>
      revisions.flatMap((from) => {
        const fresh = migrated.find((one) => one.caseId === caseId && one.revision === from.revision);
        if (!fresh) return [];
        const unpainted = newCompleteness(
          completenessAfter(store.revisions.completeness(caseId, from.revision), change.valueMap),
          pending.background(caseId, from.revision),
        );
        const { source, revision: parent } = from;
        const accepted = from.accepted ? store.revisions.acceptance(caseId, parent) : null;
        const { revision } = store.revisions.commit(
          { caseId, pendingFile: fresh.labelFile, parent, source, author, sha256: fresh.labelSha256, isAccepted: false, mask, unpainted },
          nowMs,
        );
        if (accepted) store.revisions.accept(caseId, revision, accepted.author, nowMs, author);
        return [{ caseId, from: parent, to: revision, acceptedBy: accepted?.author ?? null }];
      }),
    );
    setLegend(store, author, change);
    return changes;
  });
}

function refuseIfChanged(store: ProjectStore, before: Pick<LegendChange, 'legend' | 'labelRules'>, affected: readonly Affected[]): void {
  const { legend, labelRules } = store.project;
  if (JSON.stringify([legend, labelRules]) !== JSON.stringify([before.legend, before.labelRules]))
    throw new AppException({ code: 'contract/bad-input', issues: ['the legend was changed meanwhile; nothing was done'] });
  const now = new Map(masksOf(store).map((one) => [`${one.caseId}/${one.mask}`, one]));
  for (const { caseId, mask, latest, revisions } of affected) {
    const current = now.get(`${caseId}/${mask}`);
    const isSame = current?.latest === latest && current.revisions[0]?.revision === revisions[0]?.revision;
    if (!isSame) throw new AppException({ code: 'labels/stale-parent', caseId, parentRevision: latest, latestRevision: current?.latest ?? 0 });
  }
  if (now.size !== affected.length)
    throw new AppException({ code: 'contract/bad-input', issues: ['masks were imported meanwhile; nothing was done, try again'] });
}

function completenessAfter(completeness: RevisionCompleteness, valueMap: ValueMap): RevisionCompleteness {
  if (completeness.knownLabels === null) return completeness;
  const knownLabels = knownAfter(completeness.knownLabels, valueMap);
  // nothing that was looked for is left: what is not painted is not known
  return knownLabels ? { ...completeness, knownLabels } : { ...completeness, knownLabels: null, unpainted: 'unknown', completeSlices: [], completeBoxes: [] };
}
