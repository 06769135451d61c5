import type { LoadConnection } from './load-connection.ts';
import type { Random } from './random.ts';

/** The connections without a request in flight, of which one is drawn in constant time. */
export class IdleConnections {
  private readonly idle: LoadConnection[] = [];
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  get count(): number {
    return this.idle.length;
  }

  add(connection: LoadConnection): void {
    connection.idleIndex = this.idle.length;
    this.idle.push(connection);
  }

  /** One at random, taken out; undefined where there is none. */
  draw(): LoadConnection | undefined {
    if (this.idle.length === 0) return undefined;
    const connection = this.idle[this.random.below(this.idle.length)]!;
    this.remove(connection);
    return connection;
  }

  remove(connection: LoadConnection): void {
    const { idleIndex } = connection;
    if (idleIndex < 0) return;
    const last = this.idle.pop()!;
    if (last !== connection) {
      this.idle[idleIndex] = last;
      last.idleIndex = idleIndex;
    }
    connection.idleIndex = -1;
  }
}
