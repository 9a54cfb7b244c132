/** What the user has chosen for every project: looks, language, keys. Kept in the user's state folder by `main/services`. */
import { z } from 'zod';

/** As `renderer/lib/commands/shortcut.ts` writes it: `Ctrl+Shift+Z`, `[`, `Space`. */
export const Shortcut = z.string().min(1).max(40);
export type Shortcut = z.infer<typeof Shortcut>;
const CommandId = z.string().regex(/^[a-z][a-zA-Z]*(\.[a-zA-Z0-9-]+)+$/);

export const Theme = z.enum(['dark', 'light', 'contrast']);
export type Theme = z.infer<typeof Theme>;
export const SCALE_PERCENT = { least: 100, most: 200 } as const;

const shape = {
  theme: Theme,
  /** `system`: what the system speaks, where there is a catalogue for it, else English. */
  language: z.enum(['system', 'en', 'de']),
  /** Of everything around the images. */
  scalePercent: z.int().min(SCALE_PERCENT.least).max(SCALE_PERCENT.most),
  /** Command → its shortcuts where they are not the default; an empty list: none. */
  shortcuts: z.record(CommandId, z.array(Shortcut).max(4)),
  /** Of the command palette, the latest first. */
  recentCommands: z.array(CommandId).max(20),
};
export const PreferenceChanges = z.object(shape).partial();
export type PreferenceChanges = z.infer<typeof PreferenceChanges>;
export const Preferences = z.object(shape);
export type Preferences = z.infer<typeof Preferences>;
export const FIRST_PREFERENCES: Preferences = { theme: 'dark', language: 'system', scalePercent: 100, shortcuts: {}, recentCommands: [] };
