import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requireNoWayOut, resolveInside } from './insideProject.ts';

let root: string;
let project: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'maskloop-inside-'));
  project = join(root, 'project');
  mkdirSync(join(project, 'cases/a'), { recursive: true });
  writeFileSync(join(project, 'cases/a/image.nii'), '');
  writeFileSync(join(root, 'secret'), '');
  symlinkSync(join(root, 'secret'), join(project, 'cases/a/link'));
  symlinkSync('image.nii', join(project, 'cases/a/other.nii'));
  symlinkSync(project, join(root, 'shortcut'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it.each(['../secret', '/etc/passwd', 'cases/../../secret', '', '.', '..'])("a project's database may not name '%s'", (file) => {
  expect(() => resolveInside(project, file)).toThrow('disk/corrupt');
});

it('names within the project are taken, also odd ones', () => {
  expect(resolveInside(project, 'cases/a/..image.nii')).toBe(join(project, 'cases/a/..image.nii'));
});

it('a link that leads out is refused; one within, and a project opened through a link, are not', async () => {
  await expect(requireNoWayOut(project, join(project, 'cases/a/link'))).rejects.toMatchObject({ error: { code: 'disk/corrupt' } });
  await requireNoWayOut(project, join(project, 'cases/a/other.nii'));
  await requireNoWayOut(join(root, 'shortcut'), join(root, 'shortcut/cases/a/image.nii'));
});
