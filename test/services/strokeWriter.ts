/** For `strokeCrash.test.ts`: paints into journals without end, and says on standard output which frames are acknowledged. It is killed. */
import { writeSync } from 'node:fs';
import { argv } from 'node:process';
import { JournalId, WindowId } from '../../main/contract/journal.ts';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { StrokeJournals } from '../../main/dataset/journal/strokeJournals.ts';
import { ProjectFolder } from '../../main/dataset/projectFolder.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';
import { FRAMES_OF_A_JOURNAL, strokePayload } from './strokePayload.ts';

const [, , root = '', caseName = ''] = argv;
const caseId = CaseId.parse(caseName);
const journals = new StrokeJournals(new ProjectFolder(root));
const grid = gridFromAffine([4, 3, 2], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
const idOf = (n: number): JournalId => JournalId.parse(`journal-${n.toString(16).padStart(16, '0')}`);
const windowId = WindowId.parse('00000000-0000-4000-8000-000000000000');

// goes on where the one before was killed
const left = await journals.ofCase(caseId);
let number = left.length;
let sequence = (left.at(-1)?.frames.length ?? 0) + 1;
writeSync(1, 'ready\n');
for (;;) {
  if (number === 0 || sequence > FRAMES_OF_A_JOURNAL) {
    number++;
    sequence = 1;
    await journals.begin({
      version: 1,
      journalId: idOf(number),
      caseId,
      author: 'me',
      windowId,
      beganAtMs: number,
      base: null,
      grid,
      mask: 1,
      recoveredFrom: null,
    });
  }
  await journals.append(caseId, idOf(number), 'me', { sequence, changeCount: 1, atMs: sequence }, [strokePayload(number, sequence)]);
  writeSync(1, `${number} ${sequence}\n`);
  sequence++;
}
