import type { Finding } from './finding.ts';
import type { Deed } from './repairProject.ts';

/** What was found and what to do about it; pure. */
export function describeFinding(finding: Finding): string {
  switch (finding.kind) {
    case 'databaseDamaged':
      return `The database is damaged (${finding.detail}). Copies of older ones lie in the folder backups; send us a support bundle before you do anything else.`;
    case 'auditBroken':
      return `The audit trail does not hold (${finding.detail}): somebody changed the database by other means. See maskloop audit verify.`;
    case 'imageMissing':
      return `${finding.path}: the image of case ${finding.caseId} is gone. Copy it back from a backup, or import the study again.`;
    case 'imageDamaged':
      return `${finding.path}: the image of case ${finding.caseId} is damaged (${finding.detail}). Copy it back from a backup.`;
    case 'imageUnhashed':
      return `${finding.path}: the image of case ${finding.caseId} is whole, and no hash of it is on record: an older Maskloop imported it. --repair records one, so that a flipped bit is found from then on.`;
    case 'maskMissing':
      return `${finding.path}: this mask is on record and gone${finding.isMarked ? ', as marked' : ''}. Copy it back from a backup and run doctor --repair.`;
    case 'maskDamaged':
      return `${finding.path}: this mask is not as it was saved (${finding.detail}). Copy it back from a backup; --repair moves what is there to lost-and-found.`;
    case 'maskBack':
      return `${finding.path}: this mask was marked as missing and is there again, as it was saved. --repair takes the mark away.`;
    case 'maskWithoutRow':
      return `${finding.path}: a mask that nobody was told was saved, from a crash. --repair puts it on record where a copy of the database knows whose it is, else it moves to lost-and-found.`;
    case 'caseWithoutRow':
    case 'caseSetAside':
      return `${finding.path}: the case of an import that was not finished. Import it again; --repair moves this to lost-and-found.`;
    case 'temporaryFile':
      return `${finding.path}: left by a crash. Opening the project removes it; --repair moves it to lost-and-found.`;
    case 'journal':
      return `${finding.path}: strokes of case ${finding.caseId} that were painted and not saved (${finding.detail} files). Open the case; the window offers them.`;
    case 'runMissing':
      return `${finding.path}: this model is on record and its folder is gone. Copy it back from a backup, or delete the model.`;
  }
}

export function describeDeed({ finding, deed, detail }: Deed): string {
  const what = 'path' in finding ? finding.path : finding.kind;
  switch (deed) {
    case 'quarantined':
      return `${what}: moved to ${detail ?? 'lost-and-found'}.`;
    case 'registered':
      return `${what}: on record again, saved by ${detail ?? 'somebody'}.`;
    case 'markedMissing':
      return `${what}: marked as missing; the case says so in the worklist.`;
    case 'markCleared':
      return `${what}: no longer marked as missing.`;
    case 'hashed':
      return `${what}: its hash is on record.`;
    case 'left':
      return `${what}: left as it is.`;
  }
}
