import type { Job } from './job.ts';
import { Lane } from './longest-lanes.ts';

/** Empty lanes, the one that is idle longest first: a ring through the links of the round. */
export class IdleLanes<J extends Job = Job> {
  size = 0;
  /** Stands between the newest and the oldest. */
  private readonly end = new Lane<J>();

  add(lane: Lane<J>): void {
    const { end } = this;
    lane.previous = end.previous;
    lane.next = end;
    end.previous.next = lane;
    end.previous = lane;
    this.size++;
  }

  remove(lane: Lane<J>): void {
    lane.previous.next = lane.next;
    lane.next.previous = lane.previous;
    lane.next = lane;
    lane.previous = lane;
    this.size--;
  }

  /** Only where there is one. */
  takeOldest(): Lane<J> {
    const oldest = this.end.next;
    this.remove(oldest);
    return oldest;
  }
}
