/** A value that views may look at: they are drawn again when it changes. */
import { useEffect, useState } from 'preact/hooks';

export class Cell<T> {
  private current: T;
  private readonly watchers = new Set<(value: T) => void>();

  constructor(value: T) {
    this.current = value;
  }

  get value(): T {
    return this.current;
  }

  set(value: T): void {
    if (Object.is(value, this.current)) return;
    this.current = value;
    for (const watcher of [...this.watchers]) watcher(value);
  }

  /** Returns what ends the watch. */
  watch(watcher: (value: T) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}

export function useCell<T>(cell: Cell<T>): T {
  const [, redraw] = useState(0);
  useEffect(() => {
    // It may have changed between the first drawing and this effect.
    redraw(count => count + 1);
    return cell.watch(() => redraw(count => count + 1));
  }, [cell]);
  return cell.value;
}
