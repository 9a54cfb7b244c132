/** What the work came to. */
export const review = {
  'effort.title': 'Effort',
  'effort.comparing': 'Comparing…',
  'effort.refresh': 'Refresh',
  'effort.about':
    'A round is a model: 1 is the first that predicted here, 0 are masks drawn without one. Pauses of more than half a minute do not count as work.',
  'effort.minutes': 'Active minutes per case (median)',
  'effort.voxels': 'Voxels changed per case',
  'effort.dice': 'Dice, prediction to accepted',
  'effort.distance': 'Distance of the surfaces, mm',
  'effort.line.minutes': 'minutes',
  'effort.line.voxels': 'voxels',
  'effort.line.mean': 'mean',
  'effort.round': 'round',
  'effort.withoutModel': 'without a model',
  'effort.none': 'No mask is accepted yet.',
  'effort.cases': { one: '{count} case', other: '{count} cases' },
} as const;
