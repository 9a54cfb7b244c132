/** Files that the system hands to the program: images wait for a project, a project file opens the folder around it. */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServiceRig } from './serviceRig.ts';

let folder = '';
let rig: ServiceRig;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'maskloop-opened-'));
  rig = ServiceRig.create(folder);
});
afterEach(async () => {
  await rig.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe('opened images', () => {
  it('wait until one window takes them, each once', async () => {
    rig.services.openImages(['/in/a.nii.gz', '/in/b.nii.gz']);
    rig.services.openImages(['/in/a.nii.gz']);
    expect(rig.events.filter(({ type }) => type === 'openedImages')).toHaveLength(2);
    expect(await rig.call('app.openedImages', { take: false })).toEqual({ paths: ['/in/a.nii.gz', '/in/b.nii.gz'], lockedProject: null });
    expect(await rig.call('app.openedImages', { take: true })).toEqual({ paths: ['/in/a.nii.gz', '/in/b.nii.gz'], lockedProject: null });
    expect(await rig.call('app.openedImages', { take: true })).toEqual({ paths: [], lockedProject: null });
  });

  it('are nothing to tell of when there are none', () => {
    rig.services.openImages([]);
    expect(rig.events).toEqual([]);
  });
});

describe('an encrypted project', () => {
  it('is asked about once, by a window that has a passphrase for it', async () => {
    rig.services.askForPassphrase('/in/project.mlproj');
    expect(rig.events).toEqual([{ type: 'openedImages' }]);
    expect(await rig.call('app.openedImages', { take: false })).toEqual({ paths: [], lockedProject: '/in/project.mlproj' });
    expect(await rig.call('app.openedImages', { take: false })).toEqual({ paths: [], lockedProject: null });
  });
});

describe('a project file', () => {
  it('is made with the project and opens it, also under another name', async () => {
    await rig.call('project.create', { folder: rig.projectFolder });
    await rig.call('project.close', {});
    expect((await rig.call('project.open', { folder: join(rig.projectFolder, 'project.mlproj') })).folder).toBe(rig.projectFolder);
    await rig.call('project.close', {});
    renameSync(join(rig.projectFolder, 'project.mlproj'), join(rig.projectFolder, 'Liver.MLPROJ'));
    expect((await rig.call('project.open', { folder: join(rig.projectFolder, 'Liver.MLPROJ') })).folder).toBe(rig.projectFolder);
  });

  it('far from its project says that there is none', async () => {
    expect(await rig.errorOf('project.open', { folder: join(folder, 'project.mlproj') })).toMatchObject({ code: 'project/not-a-project', path: folder });
  });
});
