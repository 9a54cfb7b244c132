import { describe, expect, it } from 'vitest';
import type { SegmentationHeader } from '../../formats/dicom/segmentationHeader.ts';
import { matchSegmentation, type MatchableImage } from './segmentationMatch.ts';

const image = (path: string, facts: Partial<MatchableImage> = {}): MatchableImage => ({
  seriesUid: path,
  frameOfReferenceUid: 'F1',
  patientId: 'P1',
  sopInstanceUids: new Set([`${path}.1`, `${path}.2`]),
  extentLpsMm: [
    [0, 0, 0],
    [100, 100, 50],
  ],
  path,
  ...facts,
});
const header = (facts: Partial<SegmentationHeader>): SegmentationHeader => ({
  kind: 'rtStruct',
  sopInstanceUid: 'S',
  patientId: 'P1',
  writtenAt: '',
  seriesUids: [],
  sopInstanceUids: [],
  frameOfReferenceUids: [],
  extentLpsMm: [
    [10, 10, 10],
    [20, 20, 20],
  ],
  ...facts,
});
const match = (facts: Partial<SegmentationHeader>, images: readonly MatchableImage[], path = '/d/RS/rs.dcm') => {
  const found = matchSegmentation({ path, header: header(facts) }, images);
  if (!('image' in found)) return found;
  return [found.image.path, found.warning && 'detail' in found.warning ? found.warning.detail : null];
};
const [ct, pet] = [
  image('/d/CT/1'),
  image('/d/PET/1', {
    extentLpsMm: [
      [-50, -50, -50],
      [150, 150, 100],
    ],
  }),
];

describe('matchSegmentation', () => {
  it('follows the images it names, most of them first, then the series', () => {
    expect(match({ sopInstanceUids: ['/d/CT/1.1', '/d/PET/1.1', '/d/PET/1.2'] }, [ct, pet])).toEqual(['/d/PET/1', null]);
    expect(match({ seriesUids: ['/d/CT/1'], sopInstanceUids: ['lost'] }, [ct, pet])).toEqual(['/d/CT/1', null]);
  });

  it('says so when the frame of reference or the place decided', () => {
    const lost = { sopInstanceUids: ['lost'] };
    expect(match({ ...lost, frameOfReferenceUids: ['F1'] }, [ct])).toEqual([
      '/d/CT/1',
      'the images it names are not here; attached to the series of the same frame of reference',
    ]);
    expect(match({}, [ct])).toEqual(['/d/CT/1', 'it names no images; attached by position to the series it lies in']);
    // the only one of two that surrounds it
    const outside = image('/d/LEGS/1', {
      extentLpsMm: [
        [0, 0, 200],
        [100, 100, 300],
      ],
    });
    expect(match({ ...lost, frameOfReferenceUids: ['F1'] }, [outside, ct])).toMatchObject(['/d/CT/1', expect.any(String)]);
    // the nearer folder
    expect(match({}, [ct, pet], '/d/PET/mask/rs.dcm')).toMatchObject(['/d/PET/1', expect.any(String)]);
  });

  it('refuses what would be a guess, or another patient', () => {
    const code = 'import/segmentation-unmatched';
    expect(match({ frameOfReferenceUids: ['F1'] }, [ct, pet])).toMatchObject({ code, detail: 'it names no images, and 2 series share its frame of reference' });
    expect(match({}, [ct, pet])).toMatchObject({ code, detail: 'it names no images, and it lies in 2 series alike' });
    expect(match({ patientId: 'P2' }, [ct])).toMatchObject({ code });
    expect(match({ patientId: '' }, [ct], '/elsewhere/far/away/rs.dcm')).toMatchObject({ code });
    expect(
      match(
        {
          extentLpsMm: [
            [90, 90, 90],
            [120, 120, 120],
          ],
        },
        [ct],
      ),
    ).toMatchObject({ code, detail: 'it names no images, and no series of this patient surrounds it' });
    const bare: SegmentationHeader = { ...header({}) };
    delete (bare as { extentLpsMm?: unknown }).extentLpsMm;
    expect(matchSegmentation({ path: '/x', header: bare }, [ct])).toMatchObject({
      code,
      detail: 'it names no images, and it holds no contour or frame to place it by',
    });
  });
});
