/** Folders of hippocampus volumes for a benchmark, those that nnunetv2 wants too, and what its programs are told of the machine. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { keepMemory } from './folds.mjs';

export const DATASET = 'Dataset004_Hippocampus';

/** @returns {string} the folder of this path below `work`, made */
export function folderIn(work, ...path) {
  const made = join(work, ...path);
  mkdirSync(made, { recursive: true });
  return made;
}

/** nnunetv2 numbers the channels of a case behind its name. */
export const FIRST_CHANNEL = '_0000.nii.gz';

/** @param {'images' | 'labels'} kind */
export function copyVolumes(data, kind, caseIds, target, ending = '.nii.gz') {
  for (const id of caseIds) copyFileSync(join(data, kind, `${id}.nii.gz`), join(target, `${id}${ending}`));
}

/**
 * @param {string} work
 * @param {string} data with `images/` and `labels/`
 * @param {string[]} caseIds
 * @returns {Record<string, string>} the environment of its programs
 */
export function rawDataset(work, data, caseIds) {
  copyVolumes(data, 'images', caseIds, folderIn(work, 'raw', DATASET, 'imagesTr'), FIRST_CHANNEL);
  copyVolumes(data, 'labels', caseIds, folderIn(work, 'raw', DATASET, 'labelsTr'));
  const about = { channel_names: { 0: 'MRI' }, labels: { background: 0, Anterior: 1, Posterior: 2 }, numTraining: caseIds.length, file_ending: '.nii.gz' };
  writeFileSync(join(work, 'raw', DATASET, 'dataset.json'), JSON.stringify(about));
  return {
    ...keepMemory,
    nnUNet_raw: join(work, 'raw'),
    nnUNet_preprocessed: folderIn(work, 'preprocessed'),
    nnUNet_results: folderIn(work, 'results'),
    nnUNet_def_n_proc: '2',
    nnUNet_compile: 'false',
    OMP_NUM_THREADS: String(availableParallelism()),
  };
}
