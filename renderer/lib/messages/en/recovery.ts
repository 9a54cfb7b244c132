/** Strokes that were not saved: kept in a journal, found again. */
export const recovery = {
  'recovery.step': 'Recovered changes',
  'recovery.offer': {
    one: 'One change from {time} that was not saved was recovered.',
    other: '{count} changes from {time} that were not saved were recovered.',
  },
  'recovery.onOlder':
    'It was painted on revision {base}; the case has revision {latest} now. Saved, it becomes a new revision above that one; undo shows revision {latest}.',
  'recovery.onNothing':
    'It was painted before the case had a mask; it has revision {latest} now. Saved, it becomes a new revision above that one; undo shows revision {latest}.',
  'recovery.damaged': 'What followed is damaged and could not be read; the file {file} is kept.',
  'recovery.keep': 'Keep',
  'recovery.keepHint': 'Go on with these changes; they are saved with the mask',
  'recovery.discard': 'Discard…',
  'recovery.discardTitle': 'Discard recovered changes',
  'recovery.discardText':
    'The mask of {caseId} will be shown as it was saved, without the recovered changes and without what was painted since. Both stay in the folder {folder} of the project for 30 days.',
  'recovery.discardNow': 'Discard',
  'recovery.stay': 'Stay here',
  'recovery.found': { one: 'There are changes that were not saved in {cases}.', other: 'There are changes that were not saved in {count} cases: {cases}.' },
  'recovery.open': 'Open {caseId}',
  'recovery.noHeader':
    'The journal {file} cannot be read: its beginning is damaged or of another version. It is kept as it is; a copy of it may still help whoever repairs it.',
  'recovery.noBase':
    'The journal {file} holds {count} changes of revision {base}, which is gone or another one. They cannot be laid over this mask; the file is kept as it is.',
  'recovery.otherGrid':
    'The journal {file} holds {count} changes of an image with other voxels. They cannot be laid over this mask; the file is kept as it is.',
  'recovery.nothingWhole': 'The journal {file} is damaged, and no change in it can be read. The file is kept as it is.',
  'recovery.inOtherMask': 'In the mask {name} of this case there are changes that were not saved.',
  'recovery.openMask': 'Show that mask',
  'recovery.putAside': 'Put it aside',
  'recovery.elsewhere': 'You are also painting on this case in another window. Saving here does not save there.',
  'journal.behind': 'Strokes since {time} are not on the disk yet: {reason}',
  'journal.unreachable': 'Maskloop does not answer. It is tried again.',
} as const;
