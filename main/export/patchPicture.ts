/** A training patch as a picture: its middle slice, enlarged, with the outlines of the classes. */
import { encodePng } from './evaluation/png.ts';

const LARGEST_SIDE_PX = 192;
/** Normalised values from black to white. */
const RANGE = [-2, 5] as const;
/** Of the classes in turn; told apart by colour-blind people too (Okabe and Ito). */
const CLASS_COLORS: readonly (readonly [number, number, number])[] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [204, 121, 167],
  [213, 94, 0],
];

export interface PatchPictureInput {
  /** [H, W, C], one slice of one patch. */
  readonly values: ArrayLike<number>;
  readonly channels: number;
  readonly channel: number;
  /** [H, W]. */
  readonly classes: ArrayLike<number>;
  readonly shapeHw: readonly [number, number];
}

export function drawPatch({ values, channels, channel, classes, shapeHw: [height, width] }: PatchPictureInput): Uint8Array {
  const zoom = Math.max(1, Math.floor(LARGEST_SIDE_PX / Math.max(height, width)));
  const [heightPx, widthPx] = [height * zoom, width * zoom];
  const rgb = new Uint8Array(heightPx * widthPx * 3);
  const classAt = (y: number, x: number): number => classes[Math.floor(Math.max(0, y) / zoom) * width + Math.floor(Math.max(0, x) / zoom)]!;
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const own = classAt(y, x);
      const [left, above] = [classAt(y, x - 1), classAt(y - 1, x)];
      const outlined = own !== left || own !== above ? own || left || above : 0;
      const value = values[(Math.floor(y / zoom) * width + Math.floor(x / zoom)) * channels + channel]!;
      const grey = Math.max(0, Math.min(255, Math.round(((value - RANGE[0]) / (RANGE[1] - RANGE[0])) * 255)));
      const color = outlined > 0 ? CLASS_COLORS[(outlined - 1) % CLASS_COLORS.length]! : [grey, grey, grey];
      rgb.set(color, at);
      at += 3;
    }
  }
  return encodePng(rgb, widthPx, heightPx);
}
