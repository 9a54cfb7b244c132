/** Our own part of editing a 512 × 512 × 300 mask: a brush that moves, the end of a stroke, undo, whole operations. Drawing is not in it. */
import { EditHistory } from '../../renderer/viewer/edit/editHistory.ts';
import { MaskEditor } from '../../renderer/viewer/edit/maskEditor.ts';
import type { Paint, Triple } from '../../renderer/viewer/edit/maskEditor.ts';
import { sweepRows } from '../../renderer/viewer/edit/sweptBrush.ts';
import { encodeEntry } from '../../renderer/viewer/edit/strokeEntries.ts';
import { runOperation } from '../../renderer/viewer/edit/voxelOperation.ts';
import type { Operation } from '../../renderer/viewer/edit/voxelOperation.ts';

const DIMS: Triple = [512, 512, 300];
const SPACING: Triple = [0.7, 0.7, 1];
const SLICE = DIMS[0] * DIMS[1];
const MOVES = 60;
/** Of the processor, not of the clock: other programs run beside. */
const now = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const table = (): Uint8Array => new Uint8Array(65_536).fill(1);
const paint: Paint = { label: 1, over: table(), greys: null };

const image = new Int16Array(SLICE * DIMS[2]);
for (let n = 0; n < image.length; n++) image[n] = (n * 7919) % 997;
const voxels = new Uint8Array(image.length);
const editor = new MaskEditor(voxels, DIMS, image);
const history = new EditHistory();

const spread = (times: number[]): string => {
  const sorted = [...times].sort((a, b) => a - b);
  return `median ${sorted[sorted.length >> 1]!.toFixed(1)} ms, worst ${sorted.at(-1)!.toFixed(1)} ms`;
};

/** Moves of 4 mm, as a quick hand makes them. */
function stroke(name: string, radiusMm: number, normal: Triple | null, greys: Paint['greys'] = null): void {
  const times: number[] = [];
  for (let n = 0; n < MOVES; n++) {
    const began = now();
    const at = (step: number): Triple => [60 + 4 * step, 180 + 20 * Math.sin(step / 4), 150];
    sweepRows({ from: at(n), to: at(n + 1), radiusMm, normal }, DIMS, SPACING, (j, k, iFrom, iTo) => editor.paintRow(j, k, iFrom, iTo, { ...paint, greys }));
    times.push(now() - began);
  }
  const unfinishedBegan = now();
  editor.uncommitted();
  const unfinished = now() - unfinishedBegan;
  const began = now();
  const slices = editor.commit();
  history.push({ name, slices });
  const commit = now() - began;
  const recordBegan = now();
  // as `CaseJournal.record` does it on the thread that draws
  const entry = new Blob(encodeEntry({ kind: 'step', way: 'after', name, labelValues: null, slices }));
  const record = now() - recordBegan;
  const undone = now();
  history.undo(voxels, SLICE);
  const undo = now() - undone;
  history.redo(voxels, SLICE);
  console.log(
    `${name}: journal ${record.toFixed(1)} ms and ${(entry.size / 1024).toFixed(1)} KB a stroke, ${unfinished.toFixed(1)} ms a second while it goes on`,
  );
  console.log(
    `${name}: a move ${spread(times)}; end of the stroke ${commit.toFixed(1)} ms; undo ${undo.toFixed(1)} ms; ${(history.bytes / 1024).toFixed(0)} KB of history`,
  );
  history.undo(voxels, SLICE);
  history.clear();
}

function operation(name: string, one: Operation): void {
  const began = now();
  runOperation(editor, { operation: one, spacingMm: SPACING, slot: 1, paintable: table(), erasable: table(), greys: null }, () => undefined);
  const slices = editor.commit();
  console.log(
    `${name}: ${((now() - began) / 1000).toFixed(2)} s in the worker, ${(slices.reduce((sum, { runs }) => sum + runs.length, 0) / 2 ** 20).toFixed(1)} MB of history`,
  );
}

stroke('first stroke, not warm', 10, null);
stroke('circle of 10 mm', 10, [0, 0, 1]);
stroke('circle of 10 mm on an oblique view', 10, [0.36, 0.48, 0.8]);
stroke('sphere of 10 mm', 10, null);
stroke('sphere of 25 mm', 25, null);
stroke('sphere of 25 mm, greys in a range', 25, null, { lower: 0, upper: 500 });

sweepRows({ from: [180, 180, 150], to: [180, 180, 150], radiusMm: 60, normal: null }, DIMS, SPACING, (j, k, iFrom, iTo) =>
  editor.paintRow(j, k, iFrom, iTo, paint),
);
editor.commit();
console.log('a ball of 60 mm (0.9 l):');
operation('grow 5 mm', { kind: 'grow', byMm: 5 });
operation('shrink 5 mm', { kind: 'grow', byMm: -5 });
operation('smooth 3 mm, median', { kind: 'smooth', how: 'median', byMm: 3 });
operation('smooth 3 mm, Gaussian', { kind: 'smooth', how: 'gaussian', byMm: 3 });
operation('fill holes', { kind: 'fillHoles', acrossAxis: null });
operation('keep largest piece', { kind: 'keepLargest' });
operation('threshold of the whole volume (noise)', { kind: 'threshold', range: { lower: 0, upper: 100 }, isNew: false });
