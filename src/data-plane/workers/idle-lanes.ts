import { Lane } from './longest-lanes.ts';

/** Empty lanes, the one that is idle longest first: a ring through the links of the round. */
export class IdleLanes {
  size = 0;
  /** Stands between the newest and the oldest. */
  private readonly end = new Lane();

  add(lane: Lane): void {
    const { end } = this;
    lane.previous = end.previous;
    lane.next = end;
    end.previous.next = lane;
    end.previous = lane;
    this.size++;
  }

  remove(lane: Lane): void {
    lane.previous.next = lane.next;
    lane.next.previous = lane.previous;
    lane.next = lane;
    lane.previous = lane;
    this.size--;
  }

  /** Only where there is one. */
  takeOldest(): Lane {
    const oldest = this.end.next;
    this.remove(oldest);
    return oldest;
  }
}
