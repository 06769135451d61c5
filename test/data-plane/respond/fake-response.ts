/** The response object of uWebSockets.js with a kernel whose room the test decides. */
import type { HttpAnswerResponse } from '../../../src/data-plane/respond/index.ts';

type Bytes = string | Uint8Array;

const latin1 = (bytes: Bytes) =>
  typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1');

export class FakeResponse {
  /** The head as it was written, without framing. */
  head = '';
  /** Body bytes that the kernel took, in latin1. */
  body = '';
  /** Bytes that the kernel still takes. */
  room = Number.POSITIVE_INFINITY;
  /** With chunks: what the kernel did not take. */
  held = '';
  /** Sizes of what was offered, with chunks. */
  readonly offered: number[] = [];
  /** Attempts to send, each of which would start the native part's time-out anew. */
  attempts = 0;
  totalSize: number | undefined;
  ended: unknown[] | undefined;
  endedWithoutBody: unknown[] | undefined;
  closed = false;
  onClose: (() => void) | undefined;
  /** Makes tryEnd say that it failed although everything was taken. */
  saysFailed = false;
  private offset = 0;
  private corked = false;
  private dead = false;
  private handler: ((offset: number) => boolean) | undefined;

  /** As the rooms see it. */
  get res(): HttpAnswerResponse {
    return this as unknown as HttpAnswerResponse;
  }

  cork(callback: () => void): void {
    this.mustLive();
    this.corked = true;
    callback();
    this.corked = false;
    this.flush();
    this.attempts += 1;
  }

  writeStatus(status: Bytes): void {
    this.mustBeCorked();
    this.head += latin1(status);
  }

  getWriteOffset(): number {
    this.mustLive();
    return this.offset;
  }

  tryEnd(chunk: Uint8Array, totalSize: number): [boolean, boolean] {
    this.mustBeCorked();
    this.totalSize = totalSize;
    const taken = Math.min(this.room, chunk.length);
    this.body += latin1(chunk.subarray(0, taken));
    this.room -= taken;
    this.offset += taken;
    this.dead = this.offset === totalSize;
    return [taken === chunk.length && !this.saysFailed, this.dead];
  }

  write(chunk: Uint8Array): boolean {
    this.mustBeCorked();
    this.offered.push(chunk.length);
    this.held += latin1(chunk);
    this.flush();
    return this.held === '';
  }

  end(body: Bytes, close: boolean): void {
    this.mustBeCorked();
    this.ended = [latin1(body), close];
    this.held += latin1(body);
    this.flush();
    this.dead = true;
  }

  endWithoutBody(...parameters: unknown[]): void {
    this.mustBeCorked();
    this.endedWithoutBody = parameters;
    this.dead = true;
  }

  onWritable(handler: (offset: number) => boolean): void {
    this.mustLive();
    this.handler = handler;
  }

  close(): void {
    this.mustLive();
    this.dead = true;
    this.closed = true;
    this.onClose?.();
  }

  /** The peer has read so much: the kernel has room again. */
  read(bytes: number): void {
    this.room += bytes;
    this.handler?.(this.offset);
  }

  private flush(): void {
    const taken = Math.min(this.room, this.held.length);
    this.body += this.held.slice(0, taken);
    this.held = this.held.slice(taken);
    this.room -= taken;
  }

  private mustLive(): void {
    if (this.dead) throw new Error('the response object was used after its end');
  }

  private mustBeCorked(): void {
    this.mustLive();
    if (!this.corked) throw new Error('a write outside cork');
  }
}
