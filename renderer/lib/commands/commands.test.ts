import { describe, expect, it } from 'vitest';
import { FIRST_PREFERENCES, type Preferences } from '../../../main/contract/preferences.ts';
import { Commands, type Command } from './commands.svelte.ts';

function rig(first: Partial<Preferences> = {}) {
  let preferences: Preferences = { ...FIRST_PREFERENCES, ...first };
  const commands = new Commands(
    () => preferences,
    (changes) => (preferences = { ...preferences, ...changes }),
    'Linux x86_64',
  );
  const ran: string[] = [];
  const command = (id: string, more: Partial<Command> = {}): Command => ({ id, title: () => id, group: 'mask', run: () => ran.push(id), ...more });
  return { commands, ran, command, kept: () => preferences };
}

describe('Commands', () => {
  it('has what is registered, for as long as it is', () => {
    const { commands, command } = rig();
    const leave = commands.register([command('mask.undo'), command('mask.redo')]);
    commands.register([command('view.fit')]);
    expect(commands.list.map(({ id }) => id)).toEqual(['mask.undo', 'mask.redo', 'view.fit']);
    leave();
    expect(commands.list.map(({ id }) => id)).toEqual(['view.fit']);
  });

  it('runs only what can run', () => {
    const { commands, command, ran } = rig();
    commands.register([command('mask.undo', { unavailable: () => 'nothing to undo' }), command('mask.redo', { unavailable: () => null })]);
    commands.run('mask.undo');
    commands.run('mask.redo');
    commands.run('mask.nothing');
    expect(ran).toEqual(['mask.redo']);
  });

  it('remaps, shows whom that disturbs, and goes back to the default', () => {
    const { commands, command, kept } = rig();
    const [undo, save] = [command('mask.undo', { shortcuts: ['Ctrl+Z'] }), command('mask.save', { shortcuts: ['Ctrl+S'] })];
    commands.register([undo, save]);
    commands.remap('mask.undo', ['Ctrl+S']);
    expect(commands.shortcutsOf(undo)).toEqual(['Ctrl+S']);
    expect(commands.conflicts('mask.undo', 'Ctrl+S')).toEqual([save]);
    expect(commands.hint('mask.undo', 'Undo')).toBe('Undo (Ctrl+S)');
    commands.remap('mask.save', []);
    expect(commands.conflicts('mask.undo', 'Ctrl+S')).toEqual([]);
    expect(commands.hint('mask.save', 'Save')).toBe('Save');
    commands.remap('mask.undo', null);
    expect([commands.shortcutsOf(undo), commands.isRemapped('mask.undo')]).toEqual([['Ctrl+Z'], false]);
    commands.resetAll();
    expect(kept().shortcuts).toEqual({});
  });

  it('remembers what was run from the palette, the latest first, each once', () => {
    const { commands, command, ran, kept } = rig({ recentCommands: ['gone.away'] });
    const all = ['a.a', 'b.b', 'c.c'].map((id) => command(id));
    commands.register(all);
    for (const n of [0, 1, 2, 0]) commands.runAndRemember(all[n]!);
    expect(ran).toEqual(['a.a', 'b.b', 'c.c', 'a.a']);
    expect(kept().recentCommands).toEqual(['a.a', 'c.c', 'b.b', 'gone.away']);
    expect(commands.recent.map(({ id }) => id)).toEqual(['a.a', 'c.c', 'b.b']);
  });
});
