/** Names of one side of the viewer. Cornerstone's tables of viewports and volumes are the page's, so no two sides may share one. */
import { IMAGE_VOLUME_ID } from './caseVolume.ts';
import type { Plane } from './mprTools.ts';

export interface ViewerSide {
  viewportId(plane: Plane): string;
  /** Of the image that its planes cut. */
  readonly imageVolumeId: string;
}

/** The case that is open. */
export const EDITED_SIDE: ViewerSide = { viewportId: (plane) => plane, imageVolumeId: IMAGE_VOLUME_ID };
