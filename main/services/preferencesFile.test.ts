import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FIRST_PREFERENCES } from '../contract/preferences.ts';
import { PreferencesFile } from './preferencesFile.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'maskloop-preferences-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('PreferencesFile', () => {
  it('keeps what was chosen and nothing else, one change after the other', async () => {
    const file = new PreferencesFile(join(folder, 'state'));
    expect(await file.read()).toEqual(FIRST_PREFERENCES);
    const changes = [file.change({ theme: 'light' }), file.change({ shortcuts: { 'mask.undo': ['U'] } }), file.change({ scalePercent: 150 })];
    await Promise.all(changes);
    expect(await new PreferencesFile(join(folder, 'state')).read()).toEqual({
      ...FIRST_PREFERENCES,
      theme: 'light',
      shortcuts: { 'mask.undo': ['U'] },
      scalePercent: 150,
    });
    expect(JSON.parse(readFileSync(join(folder, 'state/preferences.json'), 'utf8'))).not.toHaveProperty('language');
  });

  it('sets a damaged file aside, says so, and starts anew', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    writeFileSync(join(folder, 'preferences.json'), '{"version":1,"theme":"pink"}');
    expect(await new PreferencesFile(folder).read()).toEqual(FIRST_PREFERENCES);
    expect(readFileSync(join(folder, 'preferences.damaged.json'), 'utf8')).toContain('pink');
    expect(existsSync(join(folder, 'preferences.json'))).toBe(false);
    expect(told).toHaveBeenCalledOnce();
    told.mockRestore();
  });
});
