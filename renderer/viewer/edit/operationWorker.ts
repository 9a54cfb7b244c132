/** Entry of the thread that works on whole masks. It keeps the image of the case; a copy of the mask comes with each operation. */
import type { VoxelArray } from '../voxelArray.ts';
import type { LabelArray } from '../labelSlots.ts';
import { MaskEditor } from './maskEditor.ts';
import type { Triple } from './maskEditor.ts';
import type { SliceDelta } from './sliceDelta.ts';
import { runOperation } from './voxelOperation.ts';
import type { OperationTask } from './voxelOperation.ts';

export type ToOperationWorker =
  | { readonly type: 'image'; readonly voxels: VoxelArray }
  | { readonly type: 'run'; readonly labels: LabelArray; readonly dimsIjk: Triple; readonly task: OperationTask };
export type FromOperationWorker =
  | { readonly type: 'share'; readonly share: number }
  | { readonly type: 'done'; readonly slices: readonly SliceDelta[]; readonly hadWork: boolean }
  | { readonly type: 'failed'; readonly message: string };

let image: VoxelArray | null = null;
const answer = (message: FromOperationWorker): void => self.postMessage(message);

self.addEventListener('message', ({ data }: MessageEvent<ToOperationWorker>) => {
  if (data.type === 'image') {
    image = data.voxels;
    return;
  }
  try {
    const editor = new MaskEditor(data.labels, data.dimsIjk, image);
    const hadWork = runOperation(editor, data.task, (share) => answer({ type: 'share', share }));
    answer({ type: 'done', slices: editor.commit(), hadWork });
  } catch (thrown) {
    answer({ type: 'failed', message: thrown instanceof Error ? thrown.message : String(thrown) });
  }
});
