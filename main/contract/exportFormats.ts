import { z } from 'zod';
import { ExportFormat } from './vocabulary.ts';

/** Masks in one of the formats, or a folder with images and masks for a training elsewhere (`export.dataset`). */
export const OfferedFormat = z.enum([...ExportFormat.options, 'nnunet-raw']);
export type OfferedFormat = z.infer<typeof OfferedFormat>;

interface FormatDescription {
  readonly title: string;
  /** File name after the case id. */
  readonly ending: string;
  /** One line for people who have to choose. */
  readonly explanation: string;
  /** Patient and study are written, as of the images. */
  readonly isDicom: boolean;
  /** Every segment has a code; one without is called "Tissue". */
  readonly needsCodes: boolean;
}

/** What each format is for; the window and the command line both show it. In the order they are offered. */
export const EXPORT_FORMATS: Readonly<Record<OfferedFormat, FormatDescription>> = {
  nifti: {
    title: 'NIfTI',
    ending: '.nii.gz',
    isDicom: false,
    needsCodes: false,
    explanation: 'Label map for research tools and training; no names or colours inside',
  },
  nrrd: {
    title: 'NRRD for 3D Slicer',
    ending: '.seg.nrrd',
    isDicom: false,
    needsCodes: false,
    explanation: 'Label map with the names, colours and codes of its segments',
  },
  mha: { title: 'MetaImage', ending: '.mha', isDicom: false, needsCodes: false, explanation: 'Label map for ITK and Elastix; names and colours in comments' },
  'dicom-seg': {
    title: 'DICOM Segmentation',
    ending: '.seg.dcm',
    isDicom: true,
    needsCodes: true,
    explanation: 'For a PACS: one bit per voxel and segment, read by most viewers',
  },
  'dicom-seg-labelmap': {
    title: 'DICOM Label Map Segmentation',
    ending: '.labelmap.dcm',
    isDicom: true,
    needsCodes: true,
    explanation: 'Newer form (2024): smaller with many segments, read by few viewers yet',
  },
  rtstruct: {
    title: 'DICOM RT Structure Set',
    ending: '.rtstruct.dcm',
    isDicom: true,
    needsCodes: false,
    explanation: 'Contours on slices for treatment planning',
  },
  stl: { title: 'STL surface', ending: '.stl', isDicom: false, needsCodes: false, explanation: 'One closed surface per segment, for 3D printing; no colours' },
  obj: { title: 'OBJ surface', ending: '.obj', isDicom: false, needsCodes: false, explanation: 'One closed surface per segment, for 3D programs' },
  'nnunet-raw': {
    title: 'nnU-Net data set',
    ending: 'DatasetNNN_Name',
    isDicom: false,
    needsCodes: false,
    explanation: 'Folder with images, masks, dataset.json and folds, as nnU-Net v2 trains on',
  },
};
