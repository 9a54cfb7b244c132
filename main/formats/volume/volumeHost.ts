/** What a volume codec needs from the machine it runs on. */
export interface VolumeHost {
  /**
   * The first `neededBytes` of what a gzip or zlib stream holds; fewer when it holds fewer. Checks the stream to its end.
   * Throws `import/unreadable` for a damaged one.
   */
  readonly inflate: (bytes: Uint8Array, neededBytes: number, path: string) => Promise<Uint8Array>;
  /** A file that a header names, relative to the folder of the header. Throws `import/unreadable` when it is not there. */
  readonly readPart: (name: string) => Promise<Uint8Array>;
}
