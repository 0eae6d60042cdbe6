// A heap that gives the entry with the smallest key first, equal keys in the order they came, and lets go of any entry
// in logarithmic time.
export interface HeapEntry<T> {
  readonly key: number;
  readonly value: T;
}

interface Slot<T> extends HeapEntry<T> {
  readonly order: number;
  index: number;
}

export class KeyedHeap<T> {
  readonly #slots: Slot<T>[] = [];
  #added = 0;

  get size(): number {
    return this.#slots.length;
  }

  get first(): HeapEntry<T> | undefined {
    return this.#slots[0];
  }

  add(key: number, value: T): HeapEntry<T> {
    const slot = { key, value, order: this.#added++, index: this.#slots.length };
    this.#slots.push(slot);
    this.#rise(slot);
    return slot;
  }

  takeFirst(): T | undefined {
    const first = this.#slots[0];
    if (first) this.remove(first);
    return first?.value;
  }

  /** No effect on an entry that is gone already. */
  remove(entry: HeapEntry<T>): void {
    const slot = entry as Slot<T>;
    if (this.#slots[slot.index] !== slot) return;
    const last = this.#slots.pop();
    if (!last || last === slot) return;
    this.#place(last, slot.index);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(slot: Slot<T>): void {
    for (;;) {
      const parent = this.#slots[(slot.index - 1) >> 1];
      if (!parent || slot.index === 0 || !comesBefore(slot, parent)) return;
      this.#swap(slot, parent);
    }
  }

  #sink(slot: Slot<T>): void {
    for (;;) {
      const left = this.#slots[2 * slot.index + 1];
      const right = this.#slots[2 * slot.index + 2];
      const child = left && right && comesBefore(right, left) ? right : left;
      if (!child || !comesBefore(child, slot)) return;
      this.#swap(child, slot);
    }
  }

  #swap(a: Slot<T>, b: Slot<T>): void {
    const index = a.index;
    this.#place(a, b.index);
    this.#place(b, index);
  }

  #place(slot: Slot<T>, index: number): void {
    this.#slots[index] = slot;
    slot.index = index;
  }
}

function comesBefore<T>(a: Slot<T>, b: Slot<T>): boolean {
  return a.key < b.key || (a.key === b.key && a.order < b.order);
}
