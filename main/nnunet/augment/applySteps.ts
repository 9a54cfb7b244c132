import type { Random } from '../random.ts';
import type { AugmentationStep } from './augmentation.ts';
import { blur, lowerResolution } from './filters.ts';
import { addNoise, applyGamma, brightenAroundHalf, multiply, stretchContrast } from './intensity.ts';
import { mirrorSample } from './mirror.ts';
import { drawAboutOne, drawBetween } from './range.ts';
import { channelOf, type Sample } from './sample.ts';
import { zoomSample } from './zoom.ts';

/** Draws for each step whether and how strongly it happens, and does it to `sample`. The same `random`, the same sample. */
export function applySteps(sample: Sample, steps: readonly AugmentationStep[], random: Random): void {
  for (const step of steps) applyStep(sample, step, random);
}

function applyStep(sample: Sample, step: AugmentationStep, random: Random): void {
  switch (step.transform) {
    case 'mirror':
      for (const axis of step.axes) if (random.next() < step.probability) mirrorSample(sample, axis);
      return;
    case 'maskOutside':
      return clearOutside(sample, step.channels);
    default:
      if (random.next() < step.probability) changeSample(sample, step, random);
  }
}

type DrawnStep = Exclude<AugmentationStep, { readonly transform: 'mirror' | 'maskOutside' }>;

function changeSample(sample: Sample, step: DrawnStep, random: Random): void {
  const { shapeDhw, scratch } = sample;
  switch (step.transform) {
    case 'zoom':
      return zoomSample(sample, drawBetween(step.scale, random), step.axes);
    case 'noise':
      return addNoise(sample, drawBetween(step.sigma, random), step.isSharedByChannels, random);
    case 'blur':
      return blurSample(sample, step, random);
    case 'brightness':
      return eachChannel(sample, (plane) => multiply(plane, drawAboutOne(step.factor, random)));
    case 'contrast':
      return eachChannel(sample, (plane) => stretchContrast(plane, drawAboutOne(step.factor, random)));
    case 'brightnessAndContrast': {
      const brightness = drawBetween(step.brightness, random);
      const contrast = drawBetween(step.contrast, random);
      return eachChannel(sample, (plane) => brightenAroundHalf(plane, brightness, contrast));
    }
    case 'lowResolution':
      return eachChannel(sample, (plane) => {
        if (random.next() < step.channelProbability) lowerResolution(plane, shapeDhw, drawBetween(step.scale, random), step.axes, scratch);
      });
    case 'gamma':
      return eachChannel(sample, (plane) => applyGamma(plane, drawAboutOne(step.exponent, random), step.isInverted));
  }
}

function blurSample(sample: Sample, step: Extract<AugmentationStep, { transform: 'blur' }>, random: Random): void {
  const draw = (): number => drawBetween(step.sigma, random);
  const shared = step.isPerChannel ? null : draw();
  eachChannel(sample, (plane) => {
    if (random.next() >= step.channelProbability) return;
    blur(plane, sample.shapeDhw, shared === null ? [draw(), draw(), draw()] : [shared, shared, shared], sample.scratch);
  });
}

function eachChannel(sample: Sample, change: (plane: Float32Array) => void): void {
  for (let c = 0; c < sample.channels; c++) change(channelOf(sample, c));
}

function clearOutside(sample: Sample, channels: readonly number[]): void {
  const { inside } = sample;
  for (const c of channels) {
    const plane = channelOf(sample, c);
    for (let n = 0; n < plane.length; n++) if (inside[n] === 0) plane[n] = 0;
  }
}
