import type { MprViewer } from '../../viewer/mprViewer.ts';
import { PLANES } from '../../viewer/mprTools.ts';
import type { GreyWindow } from '../../viewer/windowLevel.ts';

/** For another mask of the case that is open. Returns what brings today's slices and window back once that is shown. */
export function sameViewLater(viewer: MprViewer, window: GreyWindow | null): () => void {
  const slices = PLANES.map((plane) => [plane, viewer.planes.facts(plane)?.sliceIndex] as const);
  return () => {
    for (const [plane, slice] of slices) if (slice !== undefined) viewer.planes.scrollTo(plane, slice);
    if (window) viewer.setWindow(window);
  };
}
