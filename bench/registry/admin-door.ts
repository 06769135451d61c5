/** The admin API as an operator's program uses it: one request after another, each timed. */
import type { BenchGateway } from '../rig/bench-gateway.ts';

export const ADMIN_TOKEN = 'bench-operator-token-of-a-loopback-gateway';

export interface AdminChange {
  readonly method: 'POST' | 'PUT' | 'PATCH';
  /** Without a query. */
  readonly path: string;
  readonly body?: object;
  /** Whether it is to create what is not there yet. */
  readonly creates?: boolean;
}

/** Of a change that every front serves; on the clock of performance.now. */
export interface ChangeTimes {
  readonly sentMs: number;
  /** When the head of the answer was there. */
  readonly answeredMs: number;
}

/** How long an answer may wait for the fronts: beyond it the run has failed. */
const SERVED_MAX_MS = 30_000;
const ANSWER_MAX_MS = SERVED_MAX_MS + 10_000;
const PROBLEM_CHARS_MAX = 1_000;

export class AdminDoor {
  private readonly gateway: BenchGateway;

  constructor(gateway: BenchGateway) {
    this.gateway = gateway;
  }

  /**
   * Resolves when every front serves the change.
   * @throws Error where it is refused, or a front does not serve it in time
   */
  async change(change: AdminChange): Promise<ChangeTimes> {
    const { answer, text, times } = await this.send(change);
    if (!answer.ok || answer.headers.get('x-registry-served') !== 'true') {
      throw refusedError(change, answer, text);
    }
    return times;
  }

  /**
   * Resolves when every front has compiled the whole registry anew.
   * @throws Error where one of them has not in time
   */
  async rebuild(): Promise<ChangeTimes> {
    const request = { method: 'POST', path: '/v1/registry/rebuild' } as const;
    const { answer, text, times } = await this.send(request);
    if (!answer.ok) throw refusedError(request, answer, text);
    return times;
  }

  private async send({ method, path, body, creates = false }: AdminChange) {
    const url = `${this.gateway.adminUrl}${path}?wait=${SERVED_MAX_MS}`;
    const sentMs = performance.now();
    const answer = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        ...(creates ? { 'if-none-match': '*' } : { 'if-match': '*' }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MAX_MS),
    });
    const answeredMs = performance.now();
    const text = await answer.text();
    return { answer, text, times: { sentMs, answeredMs } satisfies ChangeTimes };
  }
}

function refusedError({ method, path }: AdminChange, { status }: Response, text: string): Error {
  const said = text.slice(0, PROBLEM_CHARS_MAX);
  return new Error(`${method} ${path} was answered with ${status}: ${said}`);
}
