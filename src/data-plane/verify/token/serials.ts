/**
 * Numbers for keys that are not in the registry, whose serials begin at the other end: the pool
 * keeps imported keys by them. Never given twice in a front.
 */
export class KeySerials {
  private last = Number.MAX_SAFE_INTEGER;

  next(): number {
    return this.last--;
  }
}
