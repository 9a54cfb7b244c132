/** What the process that reads hostile files tells. */
export type FuzzReport =
  | { readonly kind: 'begin'; readonly input: number; readonly seed: string }
  /** `isRead`: the changed file still became an image or a label map. */
  | { readonly kind: 'end'; readonly input: number; readonly isRead: boolean; readonly reasons: readonly string[] }
  /** Something else than an `AppException`. */
  | { readonly kind: 'thrown'; readonly input: number; readonly seed: string; readonly text: string }
  | { readonly kind: 'done'; readonly peakRssMb: number };
