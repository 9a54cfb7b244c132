/** Lengths, angles and ellipses over the planes, drawn and moved with Cornerstone's tools. */
import { cache, eventTarget } from '@cornerstonejs/core';
import type { RenderingEngine, Types } from '@cornerstonejs/core';
import { Enums, annotation } from '@cornerstonejs/tools';
import type { Types as ToolTypes } from '@cornerstonejs/tools';
import { EllipseValues, MEASUREMENT_KINDS } from '../../main/contract/measurements.ts';
import type { Measurement, MeasurementKind } from '../../main/contract/measurements.ts';
import { PointLpsMm } from '../../main/contract/vocabulary.ts';
import { IMAGE_VOLUME_ID, point } from './caseVolume.ts';
import { MEASURING_TOOL_NAME, PLANES } from './mprTools.ts';

const { ANNOTATION_ADDED, ANNOTATION_COMPLETED, ANNOTATION_MODIFIED } = Enums.Events;
const kindOf = (toolName: string | undefined): MeasurementKind | undefined => MEASUREMENT_KINDS.find((kind) => MEASURING_TOOL_NAME[kind] === toolName);

export class MeasurementLayer {
  /** Those that were finished; one that is being drawn is nobody's yet. */
  readonly #finished = new Set<string>();

  constructor(
    private readonly engine: RenderingEngine,
    /** Drawn, moved, or measured again. */
    private readonly onChange: (measurement: Measurement) => void,
  ) {
    eventTarget.addEventListener(ANNOTATION_ADDED, this.#added);
    eventTarget.addEventListener(ANNOTATION_COMPLETED, this.#completed);
    eventTarget.addEventListener(ANNOTATION_MODIFIED, this.#modified);
  }

  /** Cornerstone takes its first point for all of it, which lies in planes of every direction. Without that the normal decides. */
  readonly #added = ((event: CustomEvent<{ annotation: ToolTypes.Annotation }>): void => {
    const { metadata } = event.detail.annotation;
    if (metadata && kindOf(metadata.toolName)) delete metadata.planeRestriction;
  }) as EventListener;

  readonly #completed = ((event: CustomEvent<{ annotation: ToolTypes.Annotation }>): void => {
    const drawn = event.detail.annotation;
    if (!kindOf(drawn.metadata?.toolName) || drawn.annotationUID === undefined) return;
    this.#finished.add(drawn.annotationUID);
    this.#tell(drawn);
  }) as EventListener;

  readonly #modified = ((event: CustomEvent<{ annotation: ToolTypes.Annotation }>): void => {
    if (this.#finished.has(event.detail.annotation.annotationUID ?? '')) this.#tell(event.detail.annotation);
  }) as EventListener;

  #tell(drawn: ToolTypes.Annotation): void {
    const { annotationUID, metadata, data } = drawn;
    const kind = kindOf(metadata?.toolName);
    const points = data.handles?.points;
    if (!kind || !points || annotationUID === undefined || !metadata?.viewPlaneNormal || !metadata.viewUp) return;
    const lps = (of: readonly number[]): PointLpsMm => PointLpsMm.parse(point(of));
    this.onChange({
      measurementId: annotationUID,
      kind,
      pointsLpsMm: points.map(lps),
      viewPlaneNormal: lps(metadata.viewPlaneNormal),
      viewUp: lps(metadata.viewUp),
      values: kind === 'ellipse' ? ellipseValues(data.cachedStats) : null,
    });
  }

  /** In place of what is there. */
  show(measurements: readonly Measurement[]): void {
    this.clear();
    const frame = String(cache.getVolume(IMAGE_VOLUME_ID)?.metadata.FrameOfReferenceUID);
    for (const one of measurements) {
      annotation.state.addAnnotation(asAnnotation(one, frame), frame);
      this.#finished.add(one.measurementId);
    }
    this.#draw();
  }

  remove(measurementId: string): void {
    this.#finished.delete(measurementId);
    annotation.state.removeAnnotation(measurementId);
    this.#draw();
  }

  /** The image shows other values now. */
  measureAgain(): void {
    for (const id of this.#finished) {
      const drawn = annotation.state.getAnnotation(id);
      if (drawn) drawn.invalidated = true;
    }
    this.#draw();
  }

  clear(): void {
    this.#finished.clear();
    annotation.state.removeAllAnnotations();
  }

  #draw(): void {
    this.engine.renderViewports([...PLANES]);
  }

  dispose(): void {
    this.clear();
    eventTarget.removeEventListener(ANNOTATION_ADDED, this.#added);
    eventTarget.removeEventListener(ANNOTATION_COMPLETED, this.#completed);
    eventTarget.removeEventListener(ANNOTATION_MODIFIED, this.#modified);
  }
}

function asAnnotation({ measurementId, kind, pointsLpsMm, viewPlaneNormal, viewUp }: Measurement, frameOfReferenceUID: string): ToolTypes.Annotation {
  const zero: Types.Point3 = [0, 0, 0];
  const worldBoundingBox = { topLeft: zero, topRight: zero, bottomLeft: zero, bottomRight: zero };
  return {
    annotationUID: measurementId,
    highlighted: false,
    isLocked: false,
    isVisible: true,
    invalidated: true,
    metadata: { toolName: MEASURING_TOOL_NAME[kind], FrameOfReferenceUID: frameOfReferenceUID, viewPlaneNormal: point(viewPlaneNormal), viewUp: point(viewUp) },
    data: {
      label: '',
      cachedStats: {},
      handles: { points: pointsLpsMm.map(point), activeHandleIndex: null, textBox: { hasMoved: false, worldPosition: zero, worldBoundingBox } },
    },
  };
}

function ellipseValues(cachedStats: unknown): EllipseValues | null {
  const [stats] = Object.values((cachedStats ?? {}) as Record<string, { mean?: number; stdDev?: number; min?: number; max?: number }>);
  return EllipseValues.safeParse({ mean: stats?.mean, standardDeviation: stats?.stdDev, minimum: stats?.min, maximum: stats?.max }).data ?? null;
}
