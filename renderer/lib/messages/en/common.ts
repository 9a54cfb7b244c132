/** Of no one feature. */
export const common = {
  'common.close': 'Close',
  'common.cancel': 'Cancel',
  'common.dismiss': 'Dismiss',
  'common.browse': 'Browse…',
  'common.reset': 'Reset',
  'common.nothingMatches': 'Nothing matches.',
  'folders.folders': 'Folders',
  'folders.foldersAndFiles': 'Folders and files',
  'folders.up': 'up',
  'folders.none': 'No folders here.',
  'folders.nothing': 'Nothing here.',
  'folders.nothingOfThisName': 'Nothing of this name is there.',
  'folders.cannotOpen': 'This folder cannot be opened. A new folder of this name will be made where one is needed.',
} as const;
