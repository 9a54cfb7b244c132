import { PAINTED_BACKGROUND } from '../../../main/contract/completeness.ts';
import type { Segment } from '../../../main/contract/vocabulary.ts';
import { t } from '../../lib/messages/messages.svelte.ts';

/** The brush for background is one more segment, of the viewer only. */
export const shownLegend = (legend: readonly Segment[], paintsBackground: boolean): readonly Segment[] =>
  paintsBackground ? [...legend, { labelValue: PAINTED_BACKGROUND, name: t('segments.background'), colorRgb: [150, 150, 150] }] : legend;
