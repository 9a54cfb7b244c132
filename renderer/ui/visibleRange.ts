/** Rows that are drawn of a long list: those in view and a few more, so that scrolling finds them there. */
export interface VisibleRange {
  readonly begin: number;
  readonly end: number;
}

const SPARE_ROWS = 6;

export function visibleRange(scrollTopPx: number, heightPx: number, rowHeightPx: number, rowCount: number): VisibleRange {
  const first = Math.floor(scrollTopPx / rowHeightPx);
  const last = Math.ceil((scrollTopPx + heightPx) / rowHeightPx);
  const begin = Math.min(Math.max(0, first - SPARE_ROWS), rowCount);
  return { begin, end: Math.max(begin, Math.min(rowCount, last + SPARE_ROWS)) };
}

/** Where to scroll so that a row is whole in view; `null`: it is. */
export function scrollTopFor(row: number, scrollTopPx: number, heightPx: number, rowHeightPx: number): number | null {
  const [top, bottom] = [row * rowHeightPx, (row + 1) * rowHeightPx];
  if (top < scrollTopPx) return top;
  return bottom > scrollTopPx + heightPx ? bottom - heightPx : null;
}
