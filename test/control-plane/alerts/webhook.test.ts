import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, describe, expect, it } from 'vitest';
import { type Alerts, createAlerts } from '../../../src/control-plane/alerts/index.ts';
import type { AlertsConfig, AlertWebhookConfig } from '../../../src/core/config-alerts.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import { SettableClock } from '../../stores/settable-clock.ts';
import { eventually } from '../../support/eventually.ts';
import { aFolder } from '../config/config-fixture.ts';
import { SyntheticTraffic } from './synthetic-traffic.ts';
import { type Delivery, type Receiver, startReceiver } from './webhook-receiver.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SCHEMA_FILE = new URL('../../../docs/alert-notification.schema.json', import.meta.url);
const isNotification = new Ajv2020().compile(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')));

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

type Answer = (response: ServerResponse, count: number) => void;
const status = (code: number) => (response: ServerResponse) => response.writeHead(code).end();

class Bench {
  readonly traffic = new SyntheticTraffic();
  readonly clock = new SettableClock();
  readonly counters = new CounterSet();
  readonly lines: unknown[] = [];
  alerts!: Alerts;
  receiver!: Receiver;

  static async start(answer: Answer, webhook: Partial<AlertWebhookConfig> = {}, secret = SECRET) {
    const bench = new Bench();
    bench.receiver = await startReceiver(answer);
    open.push(() => bench.receiver.close());
    bench.alerts = createAlerts({
      config: aConfig({
        url: bench.receiver.url,
        secretFile: `${aFolder({ secret: `${secret}\n` })}/secret`,
        ...{ timeoutMs: 5_000, attemptsMax: 4, retryDelayMs: 10, queueMax: 10, ...webhook },
      }),
      ...{ history: bench.traffic, counters: bench.counters, clock: bench.clock, host: 'gw-1' },
      log: {
        info: (...line: unknown[]) => bench.lines.push(line),
        warn: (...line: unknown[]) => bench.lines.push(line),
        error: (...line: unknown[]) => bench.lines.push(line),
      },
    });
    open.push(() => bench.alerts.close());
    return bench;
  }

  /** Fires where it was ok, and the other way round. */
  turn(): void {
    this.isBad = !this.isBad;
    for (let i = 0; i < 5; i++) {
      this.traffic.pass(this.isBad ? { problems: { overloaded: 50 } } : {});
      this.alerts.tick(this.traffic.nowMs);
    }
  }
  private isBad = false;

  get counted() {
    const of = (what: 'sent' | 'retried' | 'dropped') =>
      this.counters.get(`alert_notifications_${what}`);
    return { sent: of('sent'), retried: of('retried'), dropped: of('dropped') };
  }

  get types(): string[] {
    return this.receiver.deliveries.map(({ body }) => JSON.parse(body).type);
  }
}

function aConfig(webhook: AlertWebhookConfig): AlertsConfig {
  const when = { kind: 'rate', of: 'overloaded', abovePerSecond: 5, windowSeconds: 5 } as const;
  return {
    rules: [{ name: 'shed', severity: 'page', when, forSeconds: 0 }],
    ...{ callsMin: 1, clearMarginPercent: 10, clearSeconds: 0 },
    webhook,
  };
}

/** As a receiver would do it, by the text of the specification. */
function isSigned({ headers, body }: Delivery, key: string | Buffer): boolean {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const mac = createHmac('sha256', key).update(signed).digest('base64');
  return headers['webhook-signature'] === `v1,${mac}`;
}

describe('the webhook', () => {
  it('is sent one signed notification for each change, in order, as its schema says', async () => {
    const bench = await Bench.start(status(204));
    bench.turn();
    bench.turn();
    await eventually(() => bench.counted).toEqual({ sent: 2, retried: 0, dropped: 0 });
    expect(bench.types).toEqual(['alert.firing', 'alert.resolved']);
    const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
    for (const delivery of bench.receiver.deliveries) {
      expect(isSigned(delivery, key)).toBe(true);
      expect(isSigned({ ...delivery, body: `${delivery.body} ` }, key)).toBe(false);
      expect(delivery.headers['content-type']).toBe('application/json');
      expect(delivery.headers['webhook-timestamp']).toBe(String(bench.clock.wallMs() / 1_000));
      expect(isNotification(JSON.parse(delivery.body)), delivery.body).toBe(true);
    }
    const ids = bench.receiver.deliveries.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(2);
    expect(JSON.parse(bench.receiver.deliveries[0]!.body)).toMatchObject({
      host: 'gw-1',
      alert: { name: 'shed', severity: 'page', state: 'firing', threshold: 5 },
    });
  });

  it('takes a secret that is no base64 as it is', async () => {
    const secret = 'a plain secret of some length';
    const bench = await Bench.start(status(200), {}, secret);
    bench.turn();
    await eventually(() => bench.counted.sent).toBe(1);
    expect(isSigned(bench.receiver.deliveries[0]!, secret)).toBe(true);
  });

  it.each([500, 503, 429, 408])('is tried again after %i, by the same id', async code => {
    const bench = await Bench.start((response, count) => status(count < 3 ? code : 200)(response));
    bench.turn();
    await eventually(() => bench.counted).toEqual({ sent: 1, retried: 2, dropped: 0 });
    const ids = bench.receiver.deliveries.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(1);
    expect(ids).toHaveLength(3);
  });

  it('waits twice as long after each vain attempt', async () => {
    const atMs: number[] = [];
    const note: Answer = response => {
      atMs.push(performance.now());
      response.writeHead(500).end();
    };
    const bench = await Bench.start(note, { retryDelayMs: 40, attemptsMax: 4 });
    bench.turn();
    await eventually(() => bench.counted.dropped).toBe(1);
    const pausesMs = atMs.slice(1).map((each, i) => each - atMs[i]!);
    // A timer may be a millisecond early.
    [40, 80, 160].forEach((leastMs, i) => {
      expect(pausesMs[i]).toBeGreaterThanOrEqual(leastMs - 2);
    });
  });

  it('is given up after attemptsMax', async () => {
    const bench = await Bench.start(status(500), { attemptsMax: 3 });
    bench.turn();
    await eventually(() => bench.counted).toEqual({ sent: 0, retried: 2, dropped: 1 });
    expect(bench.receiver.deliveries).toHaveLength(3);
  });

  it.each([400, 401, 404, 410])('is not tried again after %i', async code => {
    const bench = await Bench.start(status(code));
    bench.turn();
    await eventually(() => bench.counted).toEqual({ sent: 0, retried: 0, dropped: 1 });
    expect(bench.receiver.deliveries).toHaveLength(1);
  });

  it.each([301, 302, 307, 308])('follows no redirect: %i', async code => {
    const elsewhere = await startReceiver(status(200));
    open.push(() => elsewhere.close());
    const bench = await Bench.start(response =>
      response.writeHead(code, { location: elsewhere.url }).end(),
    );
    bench.turn();
    await eventually(() => bench.counted).toEqual({ sent: 0, retried: 0, dropped: 1 });
    expect(elsewhere.deliveries).toHaveLength(0);
  });

  it('is tried again where it does not answer within timeoutMs', async () => {
    const bench = await Bench.start(
      (response, count) => {
        if (count > 1) response.writeHead(200).end();
      },
      { timeoutMs: 100 },
    );
    bench.turn();
    await eventually(() => bench.counted).toEqual({ sent: 1, retried: 1, dropped: 0 });
    expect(JSON.stringify(bench.lines)).toContain('within timeoutMs');
  });

  it('lets the oldest go where the queue is full', async () => {
    const held: ServerResponse[] = [];
    const bench = await Bench.start(response => held.push(response), { queueMax: 2 });
    bench.turn();
    await eventually(() => held.length).toBe(1);
    for (let i = 0; i < 5; i++) bench.turn();
    expect(bench.counted.dropped).toBe(3);
    await eventually(() => {
      for (const response of held.splice(0)) response.writeHead(200).end();
      return bench.counted.sent;
    }).toBe(3);
    // The first was under way; the last two had their place.
    expect(bench.types).toEqual(['alert.firing', 'alert.firing', 'alert.resolved']);
  });

  it('is broken off when the gateway stops, with what it has not got counted', async () => {
    const bench = await Bench.start(() => undefined);
    bench.turn();
    bench.turn();
    await eventually(() => bench.receiver.deliveries.length).toBe(1);
    await bench.alerts.close();
    expect(bench.counted).toEqual({ sent: 0, retried: 0, dropped: 2 });
    bench.turn();
    expect(bench.counted.dropped).toBe(2);
  });

  it('writes neither the secret nor the path of the URL to the log', async () => {
    const bench = await Bench.start(status(500), { attemptsMax: 2 });
    await bench.receiver.close();
    bench.turn();
    await eventually(() => bench.counted.dropped).toBe(1);
    const text = JSON.stringify(bench.lines);
    expect(text).toContain('ECONNREFUSED');
    expect(text).not.toContain(SECRET.slice('whsec_'.length));
    expect(text).not.toContain('path-secret');
    expect(text).not.toContain('webhook-signature');
  });
});
