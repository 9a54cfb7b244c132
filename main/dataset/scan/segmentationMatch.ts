/** Which image a SEG or RTSTRUCT was drawn on: by what it names, else by its frame of reference, else by where it lies. */
import { dirname, sep } from 'node:path';
import type { AppError } from '../../contract/errors.ts';
import type { SegmentationHeader } from '../../formats/dicom/segmentationHeader.ts';

export type ExtentLpsMm = readonly [readonly number[], readonly number[]];

/** A found series, or a case of the project. */
export interface MatchableImage {
  readonly seriesUid: string;
  readonly frameOfReferenceUid: string;
  readonly patientId: string;
  readonly sopInstanceUids: ReadonlySet<string>;
  /** Of the voxel centres. */
  readonly extentLpsMm: ExtentLpsMm | undefined;
  /** A file of it, to prefer images that lie near. */
  readonly path: string;
}

export interface MatchableSegmentation {
  readonly path: string;
  readonly header: SegmentationHeader;
}

export interface SegmentationMatch<I extends MatchableImage> {
  readonly image: I;
  /** Present when the names did not lead to the image. */
  readonly warning?: AppError;
}

/** Contours run along the edges of voxels, not through their centres. */
const OUTSIDE_MM = 5;
/** Steps between folders from which on images of an unnamed patient are no neighbours any more. */
const NEIGHBOUR_STEPS = 3;

/** The image, or why there is none. Of images that fit alike the nearest folder counts; if that is no help, none. */
export function matchSegmentation<I extends MatchableImage>({ path, header }: MatchableSegmentation, images: readonly I[]): SegmentationMatch<I> | AppError {
  const unmatched = (detail: string): AppError => ({ code: 'import/segmentation-unmatched', path, detail });
  const named = bestBy(images, ({ sopInstanceUids }) => header.sopInstanceUids.reduce((sum, uid) => sum + Number(sopInstanceUids.has(uid)), 0));
  if (named.length > 0) return { image: nearest(named, path)[0]! };
  const ofSeries = images.filter(({ seriesUid }) => seriesUid !== '' && header.seriesUids.includes(seriesUid));
  if (ofSeries.length > 0) return { image: nearest(preferHolding(ofSeries, header), path)[0]! };

  const samePatient = images.filter((image) => header.patientId === '' || image.patientId === '' || image.patientId === header.patientId);
  const inFrame = samePatient.filter(({ frameOfReferenceUid }) => frameOfReferenceUid !== '' && header.frameOfReferenceUids.includes(frameOfReferenceUid));
  const byFrame = nearest(preferHolding(inFrame, header), path);
  const other = header.seriesUids.length > 0 || header.sopInstanceUids.length > 0 ? 'the images it names are not here' : 'it names no images';
  if (byFrame.length === 1) {
    const detail = `${other}; attached to the series of the same frame of reference`;
    return { image: byFrame[0]!, warning: { code: 'import/doubtful', path, detail } };
  }
  if (byFrame.length > 1) return unmatched(`${other}, and ${byFrame.length} series share its frame of reference`);
  const holding = samePatient.filter(({ extentLpsMm }) => holds(extentLpsMm, header.extentLpsMm));
  const byPlace = nearest(
    holding.filter((image) => (header.patientId !== '' && image.patientId === header.patientId) || stepsBetween(image.path, path) <= NEIGHBOUR_STEPS),
    path,
  );
  if (byPlace.length === 1) {
    const detail = `${other}; attached by position to the series it lies in`;
    return { image: byPlace[0]!, warning: { code: 'import/doubtful', path, detail } };
  }
  if (byPlace.length > 1) return unmatched(`${other}, and it lies in ${byPlace.length} series alike`);
  return unmatched(header.extentLpsMm ? `${other}, and no series of this patient surrounds it` : `${other}, and it holds no contour or frame to place it by`);
}

/** Those with the highest score, if it is above 0. */
function bestBy<I>(images: readonly I[], score: (image: I) => number): I[] {
  const scores = images.map(score);
  const best = scores.reduce((a, b) => Math.max(a, b), 0);
  return best === 0 ? [] : images.filter((_, n) => scores[n] === best);
}

function preferHolding<I extends MatchableImage>(images: readonly I[], header: SegmentationHeader): readonly I[] {
  const holding = images.filter(({ extentLpsMm }) => holds(extentLpsMm, header.extentLpsMm));
  return holding.length > 0 ? holding : images;
}

function holds(outer: ExtentLpsMm | undefined, inner: ExtentLpsMm | undefined): boolean {
  if (!outer || !inner) return false;
  return [0, 1, 2].every((axis) => inner[0][axis]! >= outer[0][axis]! - OUTSIDE_MM && inner[1][axis]! <= outer[1][axis]! + OUTSIDE_MM);
}

/** Those in the nearest folder. */
function nearest<I extends MatchableImage>(images: readonly I[], path: string): I[] {
  const steps = images.map((image) => stepsBetween(image.path, path));
  const least = steps.reduce((a, b) => Math.min(a, b), Infinity);
  return images.filter((_, n) => steps[n] === least);
}

/** From the folder of one file to that of the other. */
function stepsBetween(a: string, b: string): number {
  const [from, to] = [dirname(a).split(sep), dirname(b).split(sep)];
  let common = 0;
  while (common < from.length && from[common] === to[common]) common++;
  return from.length + to.length - 2 * common;
}
