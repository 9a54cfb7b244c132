/** A grid in tensor order: D = k, H = j, W = i. The memory is the same. */
import type { Grid } from '../contract/vocabulary.ts';

type Triple = [number, number, number];

export const gridShapeDhw = ({ dimsIjk }: Grid): Triple => [dimsIjk[2], dimsIjk[1], dimsIjk[0]];

export const gridSpacingDhwMm = ({ spacingMm }: Grid): Triple => [spacingMm[2], spacingMm[1], spacingMm[0]];
