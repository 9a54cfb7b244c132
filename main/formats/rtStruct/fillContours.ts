/** Polygons of one plane to pixels, by pixel centre and the even–odd rule. */

/** Coordinates are rounded to this fraction of a pixel, so that points drawn on pixel centres fall on them. */
const STEPS_PER_PIXEL = 1e6;

/**
 * Pixels of a `width` × `height` plane (u fastest) whose centre lies inside an odd number of `rings`; 1 inside. A ring
 * is u, v, u, v … in pixels, pixel centres at whole numbers; the last point joins the first. Of a centre exactly on an
 * edge, edges at low u and v count as inside, those at high u and v as outside: neighbours never share a pixel.
 */
export function fillContours(rings: readonly Float64Array[], width: number, height: number): Uint8Array {
  const pixels = new Uint8Array(width * height);
  for (const ring of rings) toggleRing(pixels, ring, width, height);
  for (let row = 0; row < height; row++) {
    let inside = 0;
    for (let at = row * width; at < (row + 1) * width; at++) pixels[at] = inside ^= pixels[at]!;
  }
  return pixels;
}

/** Marks in each row where inside and outside change places: at the first centre not left of the edge. */
function toggleRing(pixels: Uint8Array, ring: Float64Array, width: number, height: number): void {
  const points = ring.length >> 1;
  for (let n = 0; n < points; n++) {
    const next = n + 1 === points ? 0 : n + 1;
    let [u0, v0, u1, v1] = [snapped(ring[2 * n]!), snapped(ring[2 * n + 1]!), snapped(ring[2 * next]!), snapped(ring[2 * next + 1]!)];
    // always upwards: an edge that is walked both ways (a keyhole) then gives the same crossing twice, which cancels
    if (v0 > v1) [u0, v0, u1, v1] = [u1, v1, u0, v0];
    const slope = (u1 - u0) / (v1 - v0);
    const endRow = Math.min(height, Math.ceil(v1));
    for (let row = Math.max(0, Math.ceil(v0)); row < endRow; row++) {
      const column = Math.max(0, Math.ceil(snapped(u0 + (row - v0) * slope)));
      if (column < width) pixels[row * width + column]! ^= 1;
    }
  }
}

const snapped = (pixels: number) => Math.round(pixels * STEPS_PER_PIXEL) / STEPS_PER_PIXEL;
