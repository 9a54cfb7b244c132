import { createContext, untrack } from 'svelte';
import type { PreferenceChanges, Preferences, Shortcut } from '../../../main/contract/preferences.ts';
import { belongsToElement } from './keyOwner.ts';
import { keyStroke, shortcutsOf, shortcutText } from './shortcut.ts';

/** In the order in which they are listed. */
export const COMMAND_GROUPS = ['mask', 'tools', 'view', 'cases', 'training', 'project', 'window'] as const;
export type CommandGroup = (typeof COMMAND_GROUPS)[number];

/** Something the user can do. Whoever can do it registers it while it can be done (`Commands.register`). */
export interface Command {
  /** `area.what`, never changed: shortcuts are kept by it. */
  readonly id: string;
  /** A function, so that it follows the language: `() => t('command.undo')`. */
  readonly title: () => string;
  readonly group: CommandGroup;
  /** By default; as in shortcut.ts. */
  readonly shortcuts?: readonly Shortcut[];
  /** Why it cannot run now, in words; `null` when it can. */
  readonly unavailable?: () => string | null;
  /** Runs again and again while its key is held. */
  readonly repeats?: boolean;
  readonly run: () => void;
}

const KEPT_RECENT = 8;
type CommandLists = readonly (readonly Command[])[];

/** All commands that can be given now, and the one place that hears the keyboard. */
export class Commands {
  #registered = $state.raw<CommandLists>([]);
  #focusedByKeyboard = false;
  readonly list: readonly Command[] = $derived([...new Map(this.#registered.flat().map((command) => [command.id, command])).values()]);
  readonly #byShortcut = $derived(new Map(this.list.flatMap((command) => this.shortcutsOf(command).map((shortcut) => [shortcut, command] as const))));

  constructor(
    private readonly choices: () => Pick<Preferences, 'shortcuts' | 'recentCommands'>,
    private readonly change: (choices: PreferenceChanges) => void,
    private readonly platform: string,
  ) {}

  /** Returns the function that takes them back; a component calls it when it goes: `$effect(() => commands.register([…]))`. */
  register(commands: readonly Command[]): () => void {
    // an effect that registers must not run again because others do
    const replace = (change: (all: CommandLists) => CommandLists): void => void untrack(() => (this.#registered = change(this.#registered)));
    replace((all) => [...all, commands]);
    return () => replace((all) => all.filter((one) => one !== commands));
  }

  shortcutsOf({ id, shortcuts = [] }: Pick<Command, 'id' | 'shortcuts'>): readonly Shortcut[] {
    return this.choices().shortcuts[id] ?? shortcuts;
  }
  isRemapped(id: string): boolean {
    return this.choices().shortcuts[id] !== undefined;
  }
  /** For the eye: `Ctrl+Z, U`; empty when there is none. */
  shortcutTextOf(command: Pick<Command, 'id' | 'shortcuts'>): string {
    return this.shortcutsOf(command)
      .map((shortcut) => shortcutText(shortcut, this.platform))
      .join(', ');
  }
  /** `label` with the shortcut of a command behind it, for the hint of its button. */
  hint(id: string, label: string): string {
    const command = this.list.find((one) => one.id === id);
    const keys = command ? this.shortcutTextOf(command) : '';
    return keys ? `${label} (${keys})` : label;
  }
  /** Those that hear a shortcut, besides `id`. */
  conflicts(id: string, shortcut: Shortcut): readonly Command[] {
    return this.list.filter((command) => command.id !== id && this.shortcutsOf(command).includes(shortcut));
  }
  /** `null`: as it was by default. */
  remap(id: string, shortcuts: readonly Shortcut[] | null): void {
    const others = Object.entries(this.choices().shortcuts).filter(([key]) => key !== id);
    this.change({ shortcuts: Object.fromEntries(shortcuts === null ? others : [...others, [id, [...shortcuts]]]) });
  }
  resetAll(): void {
    this.change({ shortcuts: {} });
  }

  get recent(): readonly Command[] {
    return this.choices().recentCommands.flatMap((id) => this.list.find((command) => command.id === id) ?? []);
  }

  /** Does nothing where it cannot run now. */
  run(id: string): void {
    const command = this.list.find((one) => one.id === id);
    if (command && !command.unavailable?.()) command.run();
  }
  /** From the palette: comes first the next time. */
  runAndRemember(command: Command): void {
    const others = this.choices().recentCommands.filter((id) => id !== command.id);
    this.change({ recentCommands: [command.id, ...others].slice(0, KEPT_RECENT) });
    command.run();
  }

  /** Keys and clicks of the whole window. Returns the function that stops listening. */
  listen(target: Window): () => void {
    const onkeydown = (event: KeyboardEvent): void => {
      if (event.key === 'Tab') this.#focusedByKeyboard = true;
      this.#hear(event);
    };
    const onpointerdown = (): void => void (this.#focusedByKeyboard = false);
    // chosen with the mouse: the next key is meant for the image
    const onchange = (event: Event): void => {
      if (event.target instanceof HTMLSelectElement && !this.#focusedByKeyboard) event.target.blur();
    };
    target.addEventListener('keydown', onkeydown);
    target.addEventListener('change', onchange);
    target.addEventListener('pointerdown', onpointerdown, { capture: true });
    return () => {
      target.removeEventListener('keydown', onkeydown);
      target.removeEventListener('change', onchange);
      target.removeEventListener('pointerdown', onpointerdown, { capture: true });
    };
  }

  #hear(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return;
    // while a dialog is open, nothing behind it moves
    if (document.querySelector('dialog[open]')) return;
    if (event.target instanceof Element && belongsToElement(event.target, event, this.#focusedByKeyboard)) return;
    const shortcut = shortcutsOf(keyStroke(event)).find((one) => this.#byShortcut.has(one));
    const command = shortcut === undefined ? undefined : this.#byShortcut.get(shortcut);
    if (!command) return;
    event.preventDefault();
    if (event.repeat && !command.repeats) return;
    if (!command.unavailable?.()) command.run();
  }
}

export const [getCommands, setCommands] = createContext<Commands>();
