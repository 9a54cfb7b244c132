/** What leaves a project as DICOM comes back into another one with every voxel where it was. */
import { copyFileSync, cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RevisionInfo } from '../../main/contract/api.ts';
import { suggestCodes } from '../../main/contract/suggestCodes.ts';
import type { CaseId, ExportFormat, Segment } from '../../main/contract/vocabulary.ts';
import { toCanonical } from '../../main/imaging/orientation.ts';
import { makePhantom } from '../../main/imaging/phantom.ts';
import { writeDicomSeries } from '../phantoms/writeDicomSeries.ts';
import { hasSharedData, SHARED_DATA, sharedDataNotice } from '../reference/sharedData.ts';
import { ServiceRig } from './serviceRig.ts';

const FORMATS = ['dicom-seg', 'dicom-seg-labelmap', 'rtstruct'] as const satisfies readonly ExportFormat[];
const LEGEND: Segment[] = [
  { labelValue: 1, name: 'left kidney', colorRgb: [230, 75, 60], codes: suggestCodes('left kidney')! },
  { labelValue: 2, name: 'Läsion', colorRgb: [64, 160, 240], codes: suggestCodes('lesion')! },
];

let rig: ServiceRig;
beforeEach(() => {
  rig = ServiceRig.create();
});
afterEach(() => rig.dispose());

async function ended({ jobId }: { jobId: string }): Promise<void> {
  const job = await rig.jobEnd(jobId);
  expect(job, JSON.stringify(job)).toMatchObject({ state: 'succeeded' });
}

/** The one case of a new project made from `folder`, and its newest label map. */
async function imported(project: string, folder: string): Promise<{ caseId: CaseId; latest: RevisionInfo | undefined }> {
  await rig.call('project.create', { folder: join(rig.root, project) });
  await ended(await rig.call('dataset.import', { paths: [folder] }));
  const { cases } = await rig.call('dataset.listCases', {});
  expect(cases.map(({ warnings }) => warnings)).toEqual([[]]);
  const { caseId, revisions } = await rig.call('dataset.openCase', { caseId: cases[0]!.caseId });
  return { caseId, latest: revisions.at(-1) };
}

/** Exports the open project's masks and imports them with the images of `folder`: the newest label map and the legend. */
async function roundTrip(format: ExportFormat, folder: string): Promise<{ sha256: string | undefined; legend: Segment[] }> {
  const outputFolder = join(rig.root, `out-${format}`);
  await ended(await rig.call('export.start', { format, outputFolder, includeUnaccepted: true }));
  const again = join(rig.root, `again-${format}`);
  cpSync(folder, join(again, 'images'), { recursive: true });
  const [written] = readdirSync(outputFolder).filter((name) => name.endsWith('.dcm'));
  copyFileSync(join(outputFolder, written!), join(again, written!));
  const { latest } = await imported(`project-${format}`, again);
  const { project } = await rig.call('project.current', {});
  return { sha256: latest?.sha256, legend: project!.legend };
}

describe('a phantom in every frame a scanner draws it', () => {
  it.each([3, 4, 5, 77])('seed %i', async (seed) => {
    const { grid, image, labels } = makePhantom(seed);
    const folder = join(rig.root, 'series');
    mkdirSync(folder);
    writeDicomSeries(grid, image).forEach((bytes, slice) => writeFileSync(join(folder, `IM${slice}`), bytes));
    const { caseId } = await imported('project', folder);
    await rig.call('project.setLegend', { legend: LEGEND });
    const uploadId = await rig.upload(toCanonical(labels, grid).voxels);
    const { sha256 } = await rig.call('labels.save', { caseId, uploadId, parent: null });
    for (const format of FORMATS) {
      const back = await roundTrip(format, folder);
      expect(back.sha256, format).toBe(sha256);
      // RT structure sets keep whole colours; those of a SEG go through CIELab
      expect(
        back.legend.map(({ labelValue, name, codes }) => ({ labelValue, name, codes })),
        format,
      ).toEqual(LEGEND.map(({ labelValue, name, codes }) => ({ labelValue, name, codes })));
      await rig.call('project.open', { folder: join(rig.root, 'project') });
    }
  });
});

it.skipIf(!hasSharedData)(`a sarcoma of STS comes in as contours of a clinic and out and in again, no voxel differs${sharedDataNotice}`, async () => {
  const study = join(SHARED_DATA, 'sts_dicom_rtstruct/dicom/STS_025/CT');
  const { latest } = await imported('project', study);
  for (const format of FORMATS) {
    expect((await roundTrip(format, join(study, 'image'))).sha256, format).toBe(latest!.sha256);
    await rig.call('project.open', { folder: join(rig.root, 'project') });
  }
});
