/** The answers to the calls of one batch, sent together when the last of them is there. */
export class BatchAnswer {
  private readonly send: (batch: BatchAnswer) => void;
  readonly parts: Uint8Array[] = [];
  /** What the session counts for the answers that are there. */
  heldBytes = 0;
  private expected = 0;
  private sealed = false;

  /** `send` is called once, when the batch is complete. */
  constructor(send: (batch: BatchAnswer) => void) {
    this.send = send;
  }

  /** One more message of the batch will be answered. */
  expect(): void {
    this.expected++;
  }

  /** No more messages follow. A batch of notifications is not answered (section 6). */
  seal(): void {
    this.sealed = true;
    this.sendIfComplete();
  }

  /** Copies the message. */
  add(message: Uint8Array): void {
    this.parts.push(new Uint8Array(message));
    this.sendIfComplete();
  }

  private sendIfComplete(): void {
    if (!this.sealed || this.parts.length < this.expected || this.expected === 0) return;
    this.send(this);
  }
}
