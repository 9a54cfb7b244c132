/** Operations over the whole mask, each one step of the history. Runs where it may take its time: in a worker, or a test. */
import type { VoxelBox } from '../../../main/contract/proposal.ts';
import { insideOf, applyShape, shapeOf } from './operations/shape.ts';
import { grownRegion } from './operations/growRegion.ts';
import type { Region } from './operations/growRegion.ts';
import { interpolated } from './operations/interpolate.ts';
import { gaussianSmoothed, grown, largestPiece, marked, medianSmoothed, shrunk, withoutHoles, withoutIslands } from './operations/shapeOperations.ts';
import type { Shape } from './operations/shape.ts';
import type { GreyRange, MaskEditor, Paint, Triple } from './maskEditor.ts';
import { outlineRows } from './outlineRows.ts';
import type { Outline } from './outlineRows.ts';

export type Operation =
  | { readonly kind: 'threshold'; readonly range: GreyRange; readonly isNew: boolean }
  | { readonly kind: 'keepGreys'; readonly range: GreyRange }
  | { readonly kind: 'grow'; readonly byMm: number }
  | { readonly kind: 'fillHoles'; readonly acrossAxis: number | null }
  | { readonly kind: 'smooth'; readonly how: 'median' | 'gaussian'; readonly byMm: number }
  | { readonly kind: 'keepLargest' }
  | { readonly kind: 'removeIslands'; readonly smallerThanMl: number }
  | { readonly kind: 'interpolate'; readonly acrossAxis: number }
  | { readonly kind: 'merge'; readonly otherSlot: number }
  | { readonly kind: 'subtract'; readonly otherSlot: number; readonly marginMm: number }
  | { readonly kind: 'region'; readonly region: Region }
  /** Where the levels of a box are at least `lowest`. */
  | { readonly kind: 'proposal'; readonly box: VoxelBox; readonly levels: Uint8Array; readonly lowest: number }
  | { readonly kind: 'outline'; readonly outline: Outline; readonly erases: boolean };

export interface OperationTask {
  readonly operation: Operation;
  readonly spacingMm: Triple;
  /** Of the active segment, as a number in the mask. */
  readonly slot: number;
  /** By slot: where the active segment may be painted, and what may become background. */
  readonly paintable: Uint8Array;
  readonly erasable: Uint8Array;
  readonly greys: GreyRange | null;
}

const SMOOTHING_REACH = 2;

/** False: the segment has no voxel, or the image is missing, so there was nothing to do. */
export function runOperation(editor: MaskEditor, task: OperationTask, tell: (share: number) => void): boolean {
  const { operation, spacingMm, slot } = task;
  const { voxels, dimsIjk, image } = editor;
  const only = new Uint8Array(task.erasable.length);
  only[slot] = task.erasable[slot]!;
  const paint: Paint = { label: slot, over: task.paintable, greys: task.greys };
  const erase: Paint = { label: 0, over: only, greys: task.greys };
  const change = (marginMm: number, made: (shape: Shape) => Shape): boolean => {
    const shape = shapeOf(voxels, dimsIjk, spacingMm, slot, marginMm);
    if (!shape) return false;
    applyShape(editor, made(shape), paint, erase);
    return true;
  };
  switch (operation.kind) {
    case 'threshold':
      if (!image) return false;
      if (operation.isNew) everyRow(editor, erase);
      everyRow(editor, { ...paint, greys: operation.range });
      return true;
    case 'keepGreys':
      return image !== null && change(0, (shape) => keptGreys(shape, editor, operation.range));
    case 'grow':
      return change(Math.max(0, operation.byMm) + Math.max(...spacingMm), (shape) =>
        operation.byMm < 0 ? shrunk(shape, -operation.byMm, spacingMm, tell) : grown(shape, operation.byMm, spacingMm, tell),
      );
    case 'fillHoles':
      return change(0, (shape) => withoutHoles(shape, operation.acrossAxis));
    case 'smooth':
      return change(SMOOTHING_REACH * operation.byMm, (shape) =>
        operation.how === 'median' ? medianSmoothed(shape, operation.byMm, spacingMm, tell) : gaussianSmoothed(shape, operation.byMm, spacingMm, tell),
      );
    case 'keepLargest':
      return change(0, largestPiece);
    case 'removeIslands':
      return change(0, (shape) => withoutIslands(shape, (operation.smallerThanMl * 1000) / (spacingMm[0] * spacingMm[1] * spacingMm[2])));
    case 'interpolate':
      return change(2 * Math.max(...spacingMm), (shape) => interpolated(shape, operation.acrossAxis, spacingMm, tell));
    case 'merge': {
      const over = new Uint8Array(task.paintable.length);
      over[operation.otherSlot] = task.paintable[operation.otherSlot]!;
      everyRow(editor, { ...paint, over });
      return true;
    }
    case 'subtract':
      return change(operation.marginMm, (shape) => {
        const other: Shape = { ...shape, inside: insideOf(voxels, dimsIjk, shape.from, shape.dims, operation.otherSlot) };
        const near = grown(other, operation.marginMm, spacingMm, tell).inside;
        return { ...shape, inside: shape.inside.map((value, n) => (value && !near[n] ? 1 : 0)) };
      });
    case 'region': {
      if (!image) return false;
      const nothing = { ...erase, over: new Uint8Array(task.erasable.length) };
      applyShape(editor, grownRegion(image, dimsIjk, spacingMm, operation.region), paint, nothing);
      return true;
    }
    case 'proposal': {
      const { box, levels, lowest } = operation;
      const nothing = { ...erase, over: new Uint8Array(task.erasable.length) };
      applyShape(editor, { from: box.fromIjk, dims: box.dimsIjk, inside: marked(levels, (level) => level >= lowest) }, paint, nothing);
      return true;
    }
    case 'outline': {
      const how = operation.erases ? { label: 0, over: task.erasable, greys: task.greys } : paint;
      outlineRows(operation.outline, dimsIjk, spacingMm, (j, k, iFrom, iTo) => editor.paintRow(j, k, iFrom, iTo, how), tell);
      return true;
    }
  }
}

function everyRow(editor: MaskEditor, paint: Paint): void {
  const [columns, rows, slices] = editor.dimsIjk;
  for (let k = 0; k < slices; k++) for (let j = 0; j < rows; j++) editor.paintRow(j, k, 0, columns - 1, paint);
}

function keptGreys(shape: Shape, { dimsIjk, image }: MaskEditor, { lower, upper }: GreyRange): Shape {
  const { from, dims } = shape;
  const inside = shape.inside.slice();
  for (let k = 0, at = 0; k < dims[2]; k++) {
    for (let j = 0; j < dims[1]; j++) {
      const row = from[0] + dimsIjk[0] * (j + from[1] + dimsIjk[1] * (k + from[2]));
      for (let n = row; n < row + dims[0]; n++, at++) if (image![n]! < lower || image![n]! > upper) inside[at] = 0;
    }
  }
  return { ...shape, inside };
}
