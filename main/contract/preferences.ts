/** What the user has chosen for every project: looks, language, keys, how this computer is used. Kept in the user's state folder by `main/services`. */
import { z } from 'zod';

/** As `renderer/lib/commands/shortcut.ts` writes it: `Ctrl+Shift+Z`, `[`, `Space`. */
export const Shortcut = z.string().min(1).max(40);
export type Shortcut = z.infer<typeof Shortcut>;
const CommandId = z.string().regex(/^[a-z][a-zA-Z]*(\.[a-zA-Z0-9-]+)+$/);

export const Theme = z.enum(['dark', 'light', 'contrast']);
export type Theme = z.infer<typeof Theme>;
export const SCALE_PERCENT = { least: 100, most: 200 } as const;

/** Goes into what is saved and accepted, and into files that others read. */
const AuthorName = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[^\p{Cc}\\]*$/u); // DICOM's PN and LO forbid the backslash
/** How the planes of a case are laid out. `stack`: the slices as they were taken, one by one; `quad` and `threeD` have a view in three dimensions beside the planes. */
export const VIEW_LAYOUTS = ['planes', 'row', 'quad', 'threeD', 'one', 'stack'] as const;
export const ViewLayout = z.enum(VIEW_LAYOUTS);
export type ViewLayout = z.infer<typeof ViewLayout>;
/** What draws the planes. `auto`: the graphics card where there is one. */
export const DRAWING_DEVICES = ['auto', 'graphics', 'processor'] as const;

export const COMPUTE_DEVICES = ['auto', 'cpu'] as const;

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
  /** Author of masks; `null`: as the account of this computer. Who signs in at a shared workstation keeps that name. */
  userName: AuthorName.nullable(),
  /** Where new projects are proposed; `null`: the home folder. */
  projectsFolder: z.string().min(1).nullable(),
  /** Of each compute process; `null`: all that the computer has. */
  threads: z.int().min(1).max(1024).nullable(),
  /** 10⁹ bytes for each compute process; `null`: what is free. */
  memoryGb: z.number().min(0.5).max(100_000).nullable(),
  /** `auto`: a graphics card where there is one. */
  device: z.enum(COMPUTE_DEVICES),
  viewLayout: ViewLayout,
  drawWith: z.enum(DRAWING_DEVICES),
  /** Nothing connects or listens until the user says so. */
  networkAllowed: z.boolean(),
};
export const PreferenceChanges = z.object(shape).partial();
export type PreferenceChanges = z.infer<typeof PreferenceChanges>;
export const Preferences = z.object({
  ...shape,
  userName: shape.userName.default(null),
  projectsFolder: shape.projectsFolder.default(null),
  threads: shape.threads.default(null),
  memoryGb: shape.memoryGb.default(null),
  device: shape.device.default('auto'),
  networkAllowed: shape.networkAllowed.default(false),
  viewLayout: shape.viewLayout.default('planes'),
  drawWith: shape.drawWith.default('auto'),
});
export type Preferences = z.infer<typeof Preferences>;
export const FIRST_PREFERENCES: Preferences = Preferences.parse({ theme: 'dark', language: 'system', scalePercent: 100, shortcuts: {}, recentCommands: [] });
