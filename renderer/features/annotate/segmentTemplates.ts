/** Sets of segments that many projects begin with, coded where the code table knows the term. */
import { suggestCodes } from '../../../main/contract/suggestCodes.ts';
import { LARGEST_LABEL_VALUE, type Segment } from '../../../main/contract/vocabulary.ts';

type Rgb = readonly [number, number, number];
/** `term`: what the code table calls it, where that is another name. */
type TemplateSegment = readonly [name: string, colorRgb: Rgb, term?: string];

export interface SegmentTemplate {
  /** Of the message that names it. */
  readonly key: 'liver' | 'kidneys' | 'pancreas' | 'lungs' | 'brainTumour' | 'hippocampus' | 'prostate' | 'heart' | 'headAndNeck' | 'lumbarSpine';
  readonly segments: readonly TemplateSegment[];
}

export const SEGMENT_TEMPLATES: readonly SegmentTemplate[] = [
  {
    key: 'liver',
    segments: [
      ['Liver', [221, 130, 101]],
      ['Lesion', [144, 238, 144]],
    ],
  },
  {
    key: 'kidneys',
    segments: [
      ['Kidney left', [185, 102, 83]],
      ['Kidney right', [200, 140, 110]],
      ['Tumour', [144, 238, 144]],
      ['Cyst', [90, 160, 220]],
    ],
  },
  {
    key: 'pancreas',
    segments: [
      ['Pancreas', [249, 180, 111]],
      ['Tumour', [144, 238, 144]],
    ],
  },
  {
    key: 'lungs',
    segments: [
      ['Lung left', [170, 200, 225]],
      ['Lung right', [140, 180, 215]],
      ['Nodule', [240, 200, 90]],
    ],
  },
  {
    key: 'brainTumour',
    segments: [
      ['Necrosis', [200, 80, 80]],
      ['Edema', [90, 190, 110]],
      ['Enhancing tumour', [240, 210, 80], 'Neoplasm'],
    ],
  },
  {
    key: 'hippocampus',
    segments: [
      ['Anterior hippocampus', [230, 100, 90], 'Hippocampus'],
      ['Posterior hippocampus', [90, 150, 230], 'Hippocampus'],
    ],
  },
  {
    key: 'prostate',
    segments: [
      ['Peripheral zone', [90, 190, 170]],
      ['Transition zone', [230, 160, 80]],
    ],
  },
  {
    key: 'heart',
    segments: [
      ['Left ventricle', [200, 80, 90]],
      ['Right ventricle', [90, 120, 200]],
      ['Left atrium', [230, 140, 150]],
      ['Right atrium', [140, 170, 230]],
    ],
  },
  {
    key: 'headAndNeck',
    segments: [
      ['Primary tumour', [230, 100, 90]],
      ['Lymph nodes', [90, 190, 110]],
    ],
  },
  {
    key: 'lumbarSpine',
    segments: [
      ['L1', [230, 190, 120]],
      ['L2', [210, 160, 110]],
      ['L3', [190, 140, 100]],
      ['L4', [170, 120, 90]],
      ['L5', [150, 100, 80]],
      ['Sacrum', [120, 150, 200]],
    ],
  },
];

/** The legend with the template's segments behind its own; a name that is there already is not added twice. */
export function withTemplate(legend: readonly Segment[], { segments }: SegmentTemplate): readonly Segment[] {
  const names = new Set(legend.map(({ name }) => name.toLowerCase()));
  const taken = new Set(legend.map(({ labelValue }) => labelValue));
  const added: Segment[] = [];
  let labelValue = 1;
  for (const [name, [r, g, b], term] of segments) {
    if (names.has(name.toLowerCase())) continue;
    while (taken.has(labelValue)) labelValue++;
    if (labelValue > LARGEST_LABEL_VALUE) break;
    taken.add(labelValue);
    const codes = suggestCodes(term ?? name);
    added.push({ labelValue, name, colorRgb: [r, g, b], ...(codes && { codes }) });
  }
  return [...legend, ...added];
}
