/** What `maskloop` tells the calling script. Part of the stable command line. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, finishedWithProblems: 3, cancelled: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodesHelp = `
Exit codes:
  0    done
  1    failed; the reason is on standard error
  2    the command line was not understood
  3    done, but something was skipped or doubtful; the reasons are listed
  130  cancelled with Ctrl+C; a training left its checkpoint`;
