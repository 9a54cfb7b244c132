/** Preprocesses cases with ours and leaves what nnunetv2 needs to do the same: node ours.cjs FOLDER DATA NAME,NAME CHANNEL KIND */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NO_LABEL_RULES } from '../../main/contract/vocabulary.ts';
import { defaultSegment } from '../../main/dataset/defaultColors.ts';
import { loadSource } from '../../main/dataset/read/loadSource.ts';
import { canonicalLabels } from '../../main/dataset/read/canonicalLabels.ts';
import { scanSources } from '../../main/dataset/scan/sourceScan.ts';
import type { LabelArray } from '../../main/imaging/connectedComponents.ts';
import { labelValuesIn } from '../../main/imaging/labelVoxels.ts';
import { classLocations } from '../../main/nnunet/preprocess/classLocations.ts';
import { fingerprintCase, fingerprintDataset, intensitySamplesPerCase } from '../../main/nnunet/plan/fingerprint.ts';
import { gridShapeDhw, gridSpacingDhwMm } from '../../main/nnunet/gridDhw.ts';
import { configurationOf, type Plan } from '../../main/nnunet/plan/plan.ts';
import { planExperiment } from '../../main/nnunet/plan/planExperiment.ts';
import { classesOfLabels, preprocessImage, preprocessLabels } from '../../main/nnunet/preprocess/preprocess.ts';
import { Random } from '../../main/nnunet/random.ts';

const [folder, data, names, channelName, kind] = process.argv.slice(2) as [string, string, string, string, string];
const files = names.split(',').flatMap((name) => [join(data, 'images', name), join(data, 'labels', name)]);
const { sources } = await scanSources(files);
const loaded = await Promise.all(sources.map((source) => loadSource(source)));
/** The other side reads bytes. */
const inBytes = (labels: LabelArray): Uint8Array => {
  if (labels instanceof Uint8Array) return labels;
  throw new Error('labels above 255 are not compared');
};
const labels = await Promise.all(sources.map(async (source, n) => inBytes((await canonicalLabels(source, loaded[n]!)).voxels)));
const labelsOf = (n: number): Uint8Array => labels[n]!;
const fingerprint = fingerprintDataset(loaded.map(({ channels }, n) => fingerprintCase(channels, labelsOf(n), intensitySamplesPerCase(loaded.length))));
const legend = [...new Set(loaded.flatMap((_, n) => labelValuesIn(labelsOf(n))))].sort((a, b) => a - b).map((value) => defaultSegment(value));
const asPlanned = planExperiment({ fingerprint, channelNames: [channelName], legend, labelRules: NO_LABEL_RULES, preset: 'v2', task: null, vramGb: null });
/** `masked`: z-score inside the mask. `resampled`: to a spacing that no case has. */
const plan: Plan = kind === 'masked' ? { ...asPlanned, channels: asPlanned.channels.map((channel) => ({ ...channel, insideMaskOnly: true })) } : asPlanned;
const planned = configurationOf(plan, '3d_fullres');
const configuration = kind === 'resampled' ? { ...planned, spacingDhwMm: [1.2, 0.8, 0.9] as const } : planned;

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Uint8Array): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);
const cases = loaded.map(({ channels }, n) => {
  const leave = (name: string, values: Float32Array | Uint8Array): string => {
    writeFileSync(join(folder, `${n}-${name}`), bytesOf(values));
    return `${n}-${name}`;
  };
  const { image, geometry, croppedMask } = preprocessImage(channels, plan, configuration);
  const known = classesOfLabels(labelsOf(n), plan);
  if (!known.ok) throw new Error('planned from these very labels');
  const { classes } = preprocessLabels(known.classes, croppedMask, geometry, plan);
  const { grid } = channels[0]!;
  return {
    name: `${sources[n]!.baseName}, ${kind}`,
    shape: gridShapeDhw(grid),
    spacing: gridSpacingDhwMm(grid),
    channels: channels.map(({ voxels }, c) => leave(`channel${c}`, Float32Array.from(voxels))),
    labels: leave('labels', inBytes(known.classes)),
    plan: { spacing: configuration.spacingDhwMm, transposeForward: plan.transposeForward, channels: plan.channels, classCount: plan.classes.length + 1 },
    result: {
      shape: geometry.shapeDhw,
      image: leave('image', image),
      classes: leave('classes', inBytes(classes)),
      locations: classLocations(classes, plan, Random.fromSeed(1))
        .locations.slice(1)
        .map(({ length }) => length),
    },
  };
});
writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
