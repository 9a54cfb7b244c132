const SIGNS_OF_WORK = ['pointermove', 'pointerdown', 'wheel', 'keydown'] as const;

/** Tells of every sign that somebody works in this window. Returns what stops that. */
export function watchForWork(tell: () => void): () => void {
  for (const sign of SIGNS_OF_WORK) window.addEventListener(sign, tell, { capture: true, passive: true });
  return () => {
    for (const sign of SIGNS_OF_WORK) window.removeEventListener(sign, tell, { capture: true });
  };
}
