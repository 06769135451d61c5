/**
 * Requests that wait for a connection, oldest first. A linked list, because a caller that gives up
 * leaves from the middle: with an array 10,000 cancelled requests would each move the rest.
 */
import type { Call } from './call.ts';

export class CallQueue {
  length = 0;
  private first: Call | undefined = undefined;
  private last: Call | undefined = undefined;

  peek(): Call | undefined {
    return this.first;
  }

  push(call: Call): void {
    call.previous = this.last;
    call.next = undefined;
    if (this.last === undefined) this.first = call;
    else this.last.next = call;
    this.last = call;
    this.length++;
  }

  /** Puts a call at the head: it waited before. */
  unshift(call: Call): void {
    call.previous = undefined;
    call.next = this.first;
    if (this.first === undefined) this.last = call;
    else this.first.previous = call;
    this.first = call;
    this.length++;
  }

  shift(): Call | undefined {
    const call = this.first;
    if (call !== undefined) this.remove(call);
    return call;
  }

  /** Takes out a call that must be in this queue. */
  remove(call: Call): void {
    if (call.previous === undefined) this.first = call.next;
    else call.previous.next = call.next;
    if (call.next === undefined) this.last = call.previous;
    else call.next.previous = call.previous;
    call.previous = undefined;
    call.next = undefined;
    this.length--;
  }
}
