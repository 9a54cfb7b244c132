/** Lengths, angles and ellipses that a reader laid over a case. Points and directions in LPS, as the patient lies. */
import { z } from 'zod';
import { PointLpsMm } from './vocabulary.ts';

export const MEASUREMENT_KINDS = ['length', 'angle', 'ellipse'] as const;
export const MeasurementKind = z.enum(MEASUREMENT_KINDS);
export type MeasurementKind = z.infer<typeof MeasurementKind>;

/** Of the voxels in an ellipse, in the units of the image. */
export const EllipseValues = z.object({ mean: z.number(), standardDeviation: z.number(), minimum: z.number(), maximum: z.number() });
export type EllipseValues = z.infer<typeof EllipseValues>;

const POINT_COUNT: Readonly<Record<MeasurementKind, number>> = { length: 2, angle: 3, ellipse: 4 };

export const Measurement = z
  .object({
    measurementId: z.uuid(),
    kind: MeasurementKind,
    /** Length: the ends. Angle: end, apex, end. Ellipse: the ends of one axis, then those of the other. */
    pointsLpsMm: z.array(PointLpsMm).min(2).max(4),
    /** Unit vectors of the view it was drawn in; it shows in parallel views whose slice it lies in. */
    viewPlaneNormal: PointLpsMm,
    viewUp: PointLpsMm,
    /** Of an ellipse, as it was drawn; `null` where it holds no voxel, and for the other kinds. */
    values: EllipseValues.nullable(),
  })
  .refine(({ kind, pointsLpsMm }) => pointsLpsMm.length === POINT_COUNT[kind], 'a length has two points, an angle three, an ellipse four');
export type Measurement = z.infer<typeof Measurement>;
