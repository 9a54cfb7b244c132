import { describe, expect, it } from 'vitest';
import { openedFile, openRequest } from './openRequest.ts';

describe('openRequest', () => {
  it('takes both spellings of the option and makes the path absolute', () => {
    expect(openRequest(['electron', 'app.cjs', '--project', 'liver'], {}, '/home/ada')).toEqual({ project: '/home/ada/liver', images: [] });
    expect(openRequest(['electron', '--project=/data/liver'], {}, '/home/ada').project).toBe('/data/liver');
  });

  it('prefers the option to a project file, and that to the environment', () => {
    expect(openRequest(['maskloop', '--project=/a', '/c/project.mlproj'], { MASKLOOP_PROJECT: '/b' }, '/').project).toBe('/a');
    expect(openRequest(['maskloop', '/c/project.mlproj'], { MASKLOOP_PROJECT: '/b' }, '/').project).toBe('/c');
    expect(openRequest(['maskloop'], { MASKLOOP_PROJECT: '/b' }, '/').project).toBe('/b');
  });

  it('has no project when nothing names one', () => {
    expect(openRequest(['electron', '--project'], {}, '/').project).toBeNull();
    expect(openRequest(['electron', '--projector=/a'], {}, '/').project).toBeNull();
  });

  it('imports volumes as they are and of a DICOM file its folder, each once', () => {
    const argv = ['maskloop', '--no-sandbox', 'ct.nii.gz', '/mr/T1.NII', 'series/1.dcm', 'series/2.DCM'];
    expect(openRequest(argv, {}, '/in')).toEqual({ project: null, images: ['/in/ct.nii.gz', '/mr/T1.NII', '/in/series'] });
  });

  it('passes over what is not ours: the program, its folder, other files', () => {
    expect(openRequest(['/opt/x.nii', '/checkout', 'notes.gz', 'x.dcm.txt'], {}, '/').images).toEqual([]);
    expect(openedFile('/a/b.png')).toEqual({ project: null, images: [] });
  });
});
