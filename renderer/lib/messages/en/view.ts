/** Layouts, planes and what lies over the image. */
export const view = {
  'command.onePlane': 'This plane alone, or all of them',
  'command.nextSlice': 'Next slice',
  'command.previousSlice': 'Previous slice',
  'command.cine': 'Play the slices, or stop',
  'command.invert': 'Black for white',
  'command.windowByValues': 'Window by the values of the image',
  'command.flipHorizontal': 'Flip the plane left and right',
  'command.flipVertical': 'Flip the plane top and bottom',
  'command.rotate': 'Turn the plane by 90°',
  'command.axes': 'Planes along the patient, or along the scan',
  'command.uncertainty': 'Uncertainty over the image, or not',
  'command.nextUncertain': 'To the most uncertain slice, then to the next',
  'unavailable.noUncertainty': 'No prediction of this case left a map of its uncertainty.',
  'unavailable.noUncertainPlaces': 'The uncertainty is not shown.',
} as const;
