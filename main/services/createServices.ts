import { join } from 'node:path';
import type { CallName, Handlers } from '../contract/api.ts';
import { err, ok, type Result } from '../contract/errors.ts';
import { hasRole } from '../contract/roles.ts';
import { writesProject } from '../contract/writingCalls.ts';
import { answer } from './answer.ts';
import { appServices } from './appServices.ts';
import { AuditHeads } from './auditHeads.ts';
import { auditServices } from './auditServices.ts';
import { AutoRetrain } from './autoRetrain.ts';
import { autoRetrainServices } from './autoRetrainServices.ts';
import { createBulkPlane } from './bulkPlane.ts';
import { clusterServices } from './clusterServices.ts';
import { datasetServices } from './datasetServices.ts';
import { DicomReceiver } from './dicomReceiver.ts';
import { EffortMeter } from './effortMeter.ts';
import { effortServices } from './effortServices.ts';
import { evaluateServices } from './evaluateServices.ts';
import { EventHub } from './eventHub.ts';
import { exportServices } from './exportServices.ts';
import { findBestServices } from './findBestServices.ts';
import { jobServices } from './jobServices.ts';
import { journalServices } from './journalServices.ts';
import { labelServices } from './labelServices.ts';
import { maskServices } from './maskServices.ts';
import { legendServices } from './legendServices.ts';
import { measurementServices } from './measurementServices.ts';
import { modelServices } from './modelServices.ts';
import { networkServices } from './networkServices.ts';
import { NodeBook } from './nodeBook.ts';
import { OpenedImages, openedImageServices } from './openedImages.ts';
import { predictServices } from './predictServices.ts';
import { preferenceServices } from './preferenceServices.ts';
import { PreferencesFile, readPreferencesNow } from './preferencesFile.ts';
import { projectServices } from './projectServices.ts';
import { ProjectSession } from './projectSession.ts';
import { RecentProjects } from './recentProjects.ts';
import { registryServices } from './registryServices.ts';
import type { ServiceDependencies, Services, SignedInUser } from './services.ts';
import { Thumbnails } from './thumbnails.ts';
import { trainServices } from './trainServices.ts';
import { trainingViewServices } from './trainingViewServices.ts';
import { proposalServices } from './proposalServices.ts';
import { Windows } from './windows.ts';
import { worklistServices } from './worklistServices.ts';

/** The composition root: every shell (Electron, Node host, command line) gets its services here. Opens no project yet. */
export function createServices({ compute, host, clusters }: ServiceDependencies): Services {
  const events = new EventHub();
  const heads = new AuditHeads(host.stateFolder);
  const session = new ProjectSession(compute, events, (store) => heads.remember(store.audit));
  const meter = new EffortMeter(session, compute);
  const ownName = ownNameOf(host, events);
  const receiver = new DicomReceiver(session, compute, events, ownName);
  const autoRetrain = new AutoRetrain(session, events, ownName);
  const stopWatching = host.shell === 'cli' ? () => undefined : autoRetrain.watch();
  const recent = new RecentProjects(host.stateFolder);
  const windows = new Windows();
  const nodes = new NodeBook(host.stateFolder);
  const opened = new OpenedImages(events);
  const handlersBy = (author: string, user: SignedInUser | null): Handlers => {
    // What one of several people likes is not told to the others.
    const preferences = new PreferencesFile(user ? join(host.stateFolder, 'users', user.name) : host.stateFolder);
    // Who types a command has decided.
    const mayUseNetwork = async (): Promise<boolean> => host.shell === 'cli' || (await preferences.read()).networkAllowed;
    const dataset = datasetServices(session, events, author);
    const train = trainServices(session, events, author, clusters);
    const predict = predictServices(session, events, host.version, author);
    return guarded(session, {
      ...appServices(compute, host, author, user),
      ...openedImageServices(opened),
      ...preferenceServices(preferences, user ? new EventHub() : events),
      ...projectServices(session, recent, events, author),
      // Which projects there are on this computer is not for everybody.
      ...(user && !hasRole(user.role, 'admin') ? { 'project.recent': () => answer(() => ({ folders: [] })) } : {}),
      ...legendServices(session, events, author),
      ...dataset,
      ...labelServices(session, compute, events, author, meter),
      ...maskServices(session, compute, events, author),
      ...measurementServices(session),
      // Of the account: strokes that are not saved yet stay with whoever takes another name meanwhile.
      ...journalServices(session, windows, user?.name ?? host.userName),
      ...worklistServices(session, meter),
      ...effortServices(session, meter),
      ...train,
      ...trainingViewServices(session, compute),
      ...proposalServices(session, events, compute),
      ...autoRetrainServices(autoRetrain),
      ...predict,
      ...evaluateServices(session),
      ...findBestServices(session),
      ...exportServices(session, host.version, author),
      ...modelServices(session, events, author),
      ...registryServices(session, compute, events, author),
      ...networkServices(session, compute, events, nodes, receiver, author, mayUseNetwork),
      ...clusterServices(session, clusters),
      ...auditServices(session, heads),
      ...jobServices(session, { ...dataset, ...train, ...predict }),
    });
  };
  const handlersFor = oncePerCaller(handlersBy);
  return {
    // By the name of now: who changes it signs the next mask with it.
    get handlers() {
      return handlersFor(ownName(), null);
    },
    handlersOf: (user) => handlersFor(user.name, user),
    bulk: createBulkPlane(session, new Thumbnails(session, compute), host.userName),
    windows,
    openImages: (paths) => opened.add(paths),
    askForPassphrase: (project) => opened.askForPassphrase(project),
    subscribe: (listener) => events.subscribe(listener),
    async close() {
      stopWatching();
      await receiver.stop();
      await session.shutDown();
    },
  };
}

/** What `make` makes, made once for each name and role. */
function oncePerCaller(make: (author: string, user: SignedInUser | null) => Handlers): typeof make {
  const made = new Map<string, Handlers>();
  return (author, user) => {
    const key = `${user?.role ?? ''} ${author}`;
    const known = made.get(key) ?? make(author, user);
    made.set(key, known);
    return known;
  };
}

/** The name that this computer's user goes by now: chosen in the settings, or the account's. */
function ownNameOf({ stateFolder, userName }: ServiceDependencies['host'], events: EventHub): () => string {
  let chosen = readPreferencesNow(stateFolder).userName;
  events.subscribe((event) => {
    if (event.type === 'preferences') chosen = event.preferences.userName;
  });
  return () => chosen ?? userName;
}

/**
 * The same handlers; those that would write to the project answer project/read-only while it is only looked at, and all of
 * them project/folder-missing while its drive is away.
 */
function guarded(session: ProjectSession, handlers: Handlers): Handlers {
  const guards = Object.entries(handlers).map(([name, handler]) => {
    const call = handler as (input: Record<string, unknown>) => Promise<Result<unknown>>;
    const guard = async (input: Record<string, unknown>) => {
      // Object.entries forgets that the names are those of calls.
      const allowed = writesProject(name as CallName, input) ? await answer(() => session.requireWritable()) : ok(null);
      const result = allowed.ok ? await call(input) : allowed;
      return result.ok ? result : err(session.explain(result.error));
    };
    return [name, guard] as const;
  });
  // Each name has the handler it had before, behind a guard that passes its input and answer on.
  return Object.fromEntries(guards) as unknown as Handlers;
}
