/** Viewer, tools, segments, revisions. */
export const annotate = {
  'tool.windowLevel': 'Window',
  'tool.crosshairs': 'Crosshairs',
  'tool.pan': 'Pan',
  'tool.zoom': 'Zoom',
  'tool.brush': 'Brush',
  'tool.sphereBrush': 'Sphere',
  'tool.eraser': 'Eraser',
  'tool.sphereEraser': 'Sphere eraser',
} as const;
