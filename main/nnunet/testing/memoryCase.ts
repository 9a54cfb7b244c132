import { copyBox } from '../../imaging/copyBox.ts';
import { voxelCount, type ShapeDhw } from '../../imaging/tensorShape.ts';
import type { CaseWindow, ClassArray, TrainingCase } from '../train/trainingCase.ts';

interface MemoryVolume {
  readonly shapeDhw: ShapeDhw;
  readonly channels?: number;
  readonly image: Float32Array;
  readonly classes: ClassArray;
  readonly inside?: Uint8Array;
  readonly locations: readonly Uint32Array[];
  readonly annotated?: Uint32Array;
  readonly corrected?: Uint32Array;
}

/** A training case of plain arrays, for tests. */
export function memoryCase(volume: MemoryVolume): TrainingCase {
  const { shapeDhw, channels = 1, image, classes, inside, locations, annotated = null, corrected = new Uint32Array(0) } = volume;
  const from = { originDhw: [0, 0, 0], shapeDhw } as const;
  const whole = voxelCount(shapeDhw);
  return {
    shapeDhw,
    channels,
    locations,
    annotated,
    corrected,
    readWindow(originDhw, windowDhw) {
      const count = voxelCount(windowDhw);
      const to = { originDhw, shapeDhw: windowDhw };
      const window: CaseWindow = {
        image: new Float32Array(channels * count),
        classes: classes instanceof Uint8Array ? new Uint8Array(count) : new Uint16Array(count),
        inside: inside ? new Uint8Array(count) : null,
      };
      for (let c = 0; c < channels; c++) {
        copyBox({ ...from, values: image.subarray(c * whole, (c + 1) * whole) }, { ...to, values: window.image.subarray(c * count, (c + 1) * count) });
      }
      copyBox({ ...from, values: classes }, { ...to, values: window.classes });
      if (inside) copyBox({ ...from, values: inside }, { ...to, values: window.inside! });
      return Promise.resolve(window);
    },
  };
}
