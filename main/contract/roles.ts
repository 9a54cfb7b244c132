/** Who may do what on a workstation that several people share. Alone at their own computer everybody is `admin`. */
import { z } from 'zod';

/** Each may do what those before it may. */
export const Role = z.enum(['reader', 'annotator', 'reviewer', 'admin']);
export type Role = z.infer<typeof Role>;

export const UPLOAD_ROLE: Role = 'annotator';

export const hasRole = (role: Role, least: Role): boolean => Role.options.indexOf(role) >= Role.options.indexOf(least);
