/** Least recently used values that fit into a number of bytes. */
export class LruCache<V> {
  readonly #budgetBytes: number;
  readonly #entries = new Map<string, { readonly value: V; readonly byteCount: number }>();
  #heldBytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    // a Map keeps the order of insertion: the oldest use comes first
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** A value larger than the whole budget is not kept. */
  set(key: string, value: V, byteCount: number): void {
    this.delete(key);
    if (byteCount > this.#budgetBytes) return;
    this.#entries.set(key, { value, byteCount });
    this.#heldBytes += byteCount;
    for (const oldest of this.#entries.keys()) {
      if (this.#heldBytes <= this.#budgetBytes) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#heldBytes -= entry.byteCount;
  }
}
