/** How finely the colours of a labelmap are kept on the graphics card. */
import type { Types } from '@cornerstonejs/core';

/** vtk.js draws the colours of all labels into tables of 1024 entries; labels closer than two entries mix with their neighbours. */
const MOST_LABELS_IN_USUAL_TABLES = 512;
const AS_LARGE_AS_THE_CARD_CAN = 0;

interface Table {
  modified(): void;
}
/** What is used here of vtk.js, whose types are not ours to import. */
interface LabelmapActor {
  getMapper(): { setColorTextureWidth?(width: number): boolean; setOpacityTextureWidth?(width: number): boolean };
  getProperty(): { getRGBTransferFunction(index: number): Table; getScalarOpacity(index: number): Table };
}

/** For a labelmap of so many labels; does nothing for few. True when the viewport must be drawn anew. */
export function refineColorTables(actors: readonly Types.ActorEntry[], segmentationId: string, labelCount: number): boolean {
  if (labelCount <= MOST_LABELS_IN_USUAL_TABLES) return false;
  let isChanged = false;
  for (const entry of actors) {
    if (!String(entry.representationUID).startsWith(`${segmentationId}-`)) continue;
    const actor = entry.actor as unknown as LabelmapActor;
    if (!actor.getMapper().setColorTextureWidth?.(AS_LARGE_AS_THE_CARD_CAN)) continue;
    actor.getMapper().setOpacityTextureWidth?.(AS_LARGE_AS_THE_CARD_CAN);
    actor.getProperty().getRGBTransferFunction(0).modified(); // else the tables of the first drawing stay
    actor.getProperty().getScalarOpacity(0).modified();
    isChanged = true;
  }
  return isChanged;
}
