/** The least role of each call; a call without one does not compile. */
import type { CallName } from './api.ts';
import type { Role } from './roles.ts';

/**
 * Readers change nothing. Annotators paint and predict. Reviewers answer for masks, models and
 * the legend. Whatever names a place on the computer that serves, or another computer, is an administrator's.
 */
export const LEAST_ROLE: Readonly<Record<CallName, Role>> = {
  'app.info': 'reader',
  'app.checkRuntime': 'reader',
  'app.pickFolder': 'admin',
  'app.listFolder': 'admin',
  'preferences.get': 'reader',
  'preferences.change': 'reader',
  /** Only administrators get an answer with any. */
  'project.recent': 'reader',
  'project.current': 'reader',
  'project.create': 'admin',
  'project.open': 'admin',
  'project.close': 'admin',
  'project.setLegend': 'reviewer',
  'project.changeLegend': 'reviewer',
  'project.addPhantoms': 'admin',
  'dataset.import': 'admin',
  'dataset.listCases': 'reader',
  'dataset.openCase': 'reader',
  'dataset.setExcluded': 'reviewer',
  'labels.save': 'annotator',
  'labels.setCompleteness': 'annotator',
  'labels.accept': 'reviewer',
  'labels.restore': 'annotator',
  'measurements.list': 'reader',
  'measurements.put': 'annotator',
  'measurements.remove': 'annotator',
  'worklist.order': 'reader',
  'worklist.figures': 'reader',
  'effort.list': 'reviewer',
  'nnunet.train': 'reviewer',
  'nnunet.plan': 'reviewer',
  'nnunet.bench': 'reviewer',
  'nnunet.autoRetrain': 'reader',
  'nnunet.setAutoRetrain': 'reviewer',
  'nnunet.resume': 'reviewer',
  'nnunet.examplePatches': 'reviewer',
  'nnunet.runRecord': 'reader',
  'nnunet.listRuns': 'reader',
  'nnunet.metrics': 'reader',
  'nnunet.predict': 'annotator',
  'nnunet.predictFolder': 'admin',
  'evaluate.start': 'admin',
  'nnunet.findBest': 'reviewer',
  'export.start': 'admin',
  'model.export': 'admin',
  'model.import': 'admin',
  'models.list': 'reader',
  'models.use': 'reviewer',
  'models.rollBack': 'reviewer',
  'models.pin': 'reviewer',
  'models.delete': 'reviewer',
  'models.rerun': 'reviewer',
  'models.gate': 'reviewer',
  'models.compare': 'reviewer',
  'models.gateReport': 'reader',
  'models.setRules': 'reviewer',
  'network.listNodes': 'admin',
  'network.saveNode': 'admin',
  'network.removeNode': 'admin',
  'network.echo': 'admin',
  'network.search': 'admin',
  'network.retrieve': 'admin',
  'network.send': 'admin',
  'network.startReceiver': 'admin',
  'network.stopReceiver': 'admin',
  'network.status': 'reader',
  'audit.list': 'admin',
  'audit.verify': 'reviewer',
  'jobs.list': 'reader',
  'jobs.events': 'reader',
  'jobs.userActive': 'annotator',
  'jobs.cancel': 'annotator',
};

/** What a call needs with this input: to look at the worklist is nothing, to set the order for everybody is something. */
export function leastRoleOf(name: CallName, input: unknown): Role {
  const remembers = name === 'worklist.order' && typeof input === 'object' && input !== null && 'remember' in input && input.remember === true;
  return remembers ? 'annotator' : LEAST_ROLE[name];
}
