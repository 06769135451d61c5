/** Publishes events as a system of the bank does: POST /v1/events at the admin listener. */
import { PARTNER_ID, PUBLISHER_TOKEN } from '../rig/gateway-files.ts';

export interface Publication {
  readonly id: string;
  /** process.hrtime when the request was begun, and when its answer was there, nanoseconds. */
  readonly fromNanos: number;
  readonly acknowledgedNanos: number;
}

const ANSWER_MAX_MS = 30_000;
const DATA_START = '{"text":"';
const DATA_END = '"}';

export class Publisher {
  private readonly url: string;
  private published = 0;

  constructor(adminUrl: string) {
    this.url = `${adminUrl}/v1/events`;
  }

  /**
   * One event of the benchmark's partner, with data of that many bytes.
   * @throws Error where it is not taken, or known already
   */
  async publish(topic: string, dataBytes: number): Promise<Publication> {
    this.published += 1;
    const id = `${topic}-${this.published}`;
    const event = { topic, partner: PARTNER_ID, id, data: dataOf(dataBytes) };
    const body = JSON.stringify({ events: [event] });
    const fromNanos = Number(process.hrtime.bigint());
    const answer = await fetch(this.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${PUBLISHER_TOKEN}`, 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(ANSWER_MAX_MS),
    });
    const text = await answer.text();
    const acknowledgedNanos = Number(process.hrtime.bigint());
    if (!answer.ok || !text.includes('"duplicate":false')) {
      throw new Error(`the event ${id} was answered with ${answer.status}: ${text}`);
    }
    return { id, fromNanos, acknowledgedNanos };
  }
}

/** An object whose JSON has that many bytes, or a few more where they are too few for one. */
function dataOf(bytes: number): object {
  return { text: 'n'.repeat(Math.max(bytes - DATA_START.length - DATA_END.length, 0)) };
}
