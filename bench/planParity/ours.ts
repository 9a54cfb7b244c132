/** Our plans for folders of NIfTI images and label maps; prints `{ presets: { v2: plan, … } }`. */
import { NO_LABEL_RULES, type Preset } from '../../main/contract/vocabulary.ts';
import { defaultSegment } from '../../main/dataset/defaultColors.ts';
import { loadSource } from '../../main/dataset/read/loadSource.ts';
import { canonicalLabels } from '../../main/dataset/read/canonicalLabels.ts';
import { scanSources } from '../../main/dataset/scan/sourceScan.ts';
import { labelValuesIn } from '../../main/imaging/labelVoxels.ts';
import { fingerprintCase, fingerprintDataset, intensitySamplesPerCase } from '../../main/nnunet/plan/fingerprint.ts';
import { planExperiment } from '../../main/nnunet/plan/planExperiment.ts';

const [channelName, ...folders] = process.argv.slice(2);
const { sources } = await scanSources(folders);
const cases = [];
const labelValues = new Set<number>();
for (const source of sources) {
  const loaded = await loadSource(source);
  const { channels } = loaded;
  const label = await canonicalLabels(source, loaded);
  for (const value of labelValuesIn(label.voxels)) labelValues.add(value);
  cases.push(fingerprintCase(channels, label.voxels, intensitySamplesPerCase(sources.length)));
}
const fingerprint = fingerprintDataset(cases);
const legend = [...labelValues].sort((a, b) => a - b).map((value) => defaultSegment(value));
const planned = (preset: Preset) =>
  planExperiment({ fingerprint, channelNames: [channelName!], legend, labelRules: NO_LABEL_RULES, preset, task: null, vramGb: null });
const presets = Object.fromEntries((['v2', 'resenc_m', 'resenc_l', 'resenc_xl'] as const).map((preset) => [preset, planned(preset)]));
process.stdout.write(JSON.stringify({ caseCount: cases.length, labelCount: legend.length, presets }));
