/** Welcome page. */
export const project = {
  'project.tagline': 'Segment, correct, retrain: on this machine, offline.',
  'project.recent': 'Recent projects',
  'project.folder': 'Project folder',
  'project.open': 'Open project',
  'project.create': 'New project here',
  'project.phantoms': 'Try with phantom studies',
  'project.phantomsHint': 'Makes synthetic studies by formula',
  'project.closed': '{name} is closed.',
  'project.openAgain': 'Open it again',
} as const;
