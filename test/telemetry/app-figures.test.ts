import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { APP_FIGURES, type AppFigure } from '../../src/core/sessions.ts';
import { AppFigures, AppFiguresView, figureOf } from '../../src/telemetry/app-figures.ts';
import { FrontTelemetry, type FrontTelemetryShared } from '../../src/telemetry/front-telemetry.ts';
import { TelemetryReader } from '../../src/telemetry/telemetry-reader.ts';

function oneFront(appsMax = 4) {
  const front = new FrontTelemetry(1, appsMax);
  const reader = new TelemetryReader([['front-0', front.shared]]);
  return { front, reader, shown: (figure: AppFigure) => shown(reader, figure) };
}

function shown(reader: TelemetryReader, figure: AppFigure): Record<string, number> {
  return Object.fromEntries(reader.apps().map(([app, values]) => [app, figureOf(values, figure)]));
}

describe('the figures of an app', () => {
  it('are counted each by itself, and shown by app', () => {
    const { front, shown } = oneFront();
    for (const [i, figure] of APP_FIGURES.entries()) front.meter('b-app').add(figure, i + 1);
    front.meter('a-app').add('messages', 7);
    expect(shown('messages')).toEqual({ 'a-app': 7, 'b-app': 2 });
    for (const [i, figure] of APP_FIGURES.entries()) expect(shown(figure)['b-app']).toBe(i + 1);
    expect(Object.keys(shown('messages'))).toEqual(['a-app', 'b-app']);
  });

  it('that has done nothing are not shown', () => {
    const { front, reader } = oneFront();
    front.meter('a-app');
    expect(reader.apps()).toEqual([]);
  });

  it('are the same for each of its meters', () => {
    const { front, shown } = oneFront();
    front.meter('a-app').add('messages', 1);
    front.meter('a-app').add('messages', 1);
    expect(shown('messages')).toEqual({ 'a-app': 2 });
  });

  it('share "other" where all slots are those of apps with sessions', () => {
    const { front, shown } = oneFront(2);
    for (const app of ['a', 'b', 'c', 'd']) front.meter(app).add('sessions', 1);
    front.meter('c').add('messages', 5);
    expect(shown('sessions')).toEqual({ a: 1, b: 1, other: 2 });
    expect(shown('messages')).toEqual({ a: 0, b: 0, other: 5 });
  });

  it('share "other" where its id is that, or too long', () => {
    const { front, shown } = oneFront(2);
    for (const app of ['other', 'x'.repeat(249)]) front.meter(app).add('messages', 1);
    expect(shown('messages')).toEqual({ other: 2 });
  });

  it('stay while there is room, also when its sessions are gone', () => {
    const { front, shown } = oneFront(3);
    const meter = front.meter('a');
    meter.add('sessions', 1);
    meter.add('messages', 3);
    meter.add('sessions', -1);
    front.meter('b').add('sessions', 1);
    expect(shown('messages')).toEqual({ a: 3, b: 0 });
  });

  it('go to "other" when an app without sessions leaves its slot to a new one', () => {
    const { front, shown } = oneFront(2);
    const gone = front.meter('gone');
    gone.add('sessions', 1);
    gone.add('messages', 3);
    gone.add('sessions', -1);
    front.meter('here').add('sessions', 1);
    front.meter('new').add('messages', 4);
    expect(shown('messages')).toEqual({ here: 0, new: 4, other: 3 });
    gone.add('messages', 1);
    expect(shown('messages')).toEqual({ here: 0, new: 4, other: 4 });
  });

  it('of an app that came back in time are its own again', () => {
    const { front, shown } = oneFront(2);
    front.meter('a').add('messages', 1);
    front.meter('b').add('messages', 1);
    // Nobody has a session: "c" takes the slot of "a", and "b" is next unless it comes back.
    front.meter('c').add('sessions', 1);
    front.meter('b').add('sessions', 1);
    front.meter('d').add('messages', 1);
    expect(shown('messages')).toEqual({ b: 1, c: 0, other: 2 });
  });
});

describe('whatever apps do', () => {
  it('nothing that was counted is lost, and no gauge is shown twice', () => {
    const app = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const action = fc.record({
      app,
      kind: fc.constantFrom('open' as const, 'close' as const, 'message' as const),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120, size: 'max' }), actions => {
        const { front, shown } = oneFront(2);
        const sessions = new Map<string, { meter: ReturnType<typeof front.meter>; open: number }>();
        let messages = 0;
        for (const { app, kind } of actions) {
          const use = sessions.get(app);
          if (kind === 'open') {
            const held = use ?? { meter: front.meter(app), open: 0 };
            held.meter.add('sessions', 1);
            held.open += 1;
            sessions.set(app, held);
          } else if (use !== undefined && kind === 'message') {
            use.meter.add('messages', 1);
            messages += 1;
          } else if (use !== undefined) {
            use.meter.add('sessions', -1);
            use.open -= 1;
            if (use.open === 0) sessions.delete(app);
          }
          const sum = (figure: AppFigure) =>
            Object.values(shown(figure)).reduce((total, value) => total + value, 0);
          const open = [...sessions.values()].reduce((total, held) => total + held.open, 0);
          expect([sum('messages'), sum('sessions')]).toEqual([messages, open]);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('fronts together', () => {
  it('are added up by app, and one that ended keeps its counters but not its sessions', () => {
    const fronts = [new FrontTelemetry(1, 4), new FrontTelemetry(1, 4)] as const;
    const reader = new TelemetryReader(
      fronts.map((front, i) => [`front-${i}`, front.shared] as const),
    );
    for (const front of fronts) {
      front.meter('a').add('sessions', 2);
      front.meter('a').add('messages', 10);
    }
    fronts[1].meter('b').add('events_sent', 1);
    expect(shown(reader, 'sessions')).toEqual({ a: 4, b: 0 });
    expect(shown(reader, 'messages')).toEqual({ a: 20, b: 0 });
    reader.retireFront('front-1');
    expect(shown(reader, 'sessions')).toEqual({ a: 2, b: 0 });
    expect(shown(reader, 'messages')).toEqual({ a: 20, b: 0 });
    expect(shown(reader, 'events_sent')).toEqual({ a: 0, b: 1 });
    expect(shown(reader, 'messages')).toEqual({ a: 20, b: 0 });
  });

  it('that ended one after the other fill the memory of apps only to the limit', () => {
    const reader = new TelemetryReader();
    for (let i = 0; i < 5; i += 1) {
      const front = new FrontTelemetry(1, 2);
      reader.addFront('front-0', front.shared);
      front.meter(`app-${i}`).add('messages', 1);
      reader.retireFront('front-0');
    }
    expect(shown(reader, 'messages')).toEqual({ 'app-0': 1, 'app-1': 1, other: 3 });
  });
});

describe('a reading while another thread moves figures to "other"', () => {
  it('misses nothing, sees nothing twice, and no sum goes backwards', async () => {
    const worker = new Worker(new URL('./moving-figures.ts', import.meta.url));
    try {
      const shared = await new Promise<FrontTelemetryShared['apps']>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
      const view = new AppFiguresView(shared);
      let before = 0;
      for (let reading = 0; before < 20_000_000; reading += 1) {
        expect(reading).toBeLessThan(20_000_000);
        let sum = 0;
        for (const values of view.read().values()) sum += figureOf(values, 'messages');
        expect(sum).toBeGreaterThanOrEqual(before);
        before = sum;
      }
    } finally {
      await worker.terminate();
    }
  });

  it('of a front that ended in the middle of it is the last whole one', () => {
    const figures = new AppFigures(2);
    const view = new AppFiguresView(figures.shared);
    figures.meter('a').add('messages', 3);
    expect(figureOf(view.read().get('a')!, 'messages')).toBe(3);
    figures.meter('a').add('messages', 1);
    const words = new Int32Array(figures.shared.directory);
    // The version of "other": odd, and nobody is left to make it even.
    words[0]! |= 1;
    expect(figureOf(view.read().get('a')!, 'messages')).toBe(3);
    expect(new AppFiguresView(figures.shared).read()).toEqual(new Map());
  });
});
