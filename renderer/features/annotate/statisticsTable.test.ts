import { expect, it } from 'vitest';
import { statisticsColumns, statisticsText, unitOf } from './statisticsTable.ts';

const row = {
  labelValue: 2,
  voxelCount: 1200,
  volumeMl: 1.23456,
  mean: 40.126,
  standardDeviation: 3,
  minimum: -1000,
  maximum: 80.5,
  largestDiameterMm: 12.34,
  largestAxialDiameterMm: 10,
};

it('is a line for each segment, quoted where a name needs it', () => {
  const text = statisticsText(
    [row, { ...row, labelValue: 9 }],
    [{ labelValue: 2, name: 'liver, left', colorRgb: [0, 0, 0] }],
    statisticsColumns(unitOf('CT')),
    ',',
  );
  expect(text.split('\n')).toEqual([
    'Segment,Label,Volume (ml),Voxels,Mean (HU),SD (HU),Min (HU),Max (HU),Largest diameter (mm),Largest axial diameter (mm)',
    '"liver, left",2,1.235,1200,40.13,3,-1000,80.5,12.3,10',
    'label 9,9,1.235,1200,40.13,3,-1000,80.5,12.3,10',
    '',
  ]);
  expect(statisticsColumns(unitOf('MR'))[2]!.title).toBe('Mean');
});
