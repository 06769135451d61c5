import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/control-plane/config/config-error.ts';
import type { WitnessedFact } from '../../../src/control-plane/registry/desk-contract.ts';
import { BlockedSources } from '../../../src/control-plane/tuning/blocked-sources.ts';
import type {
  FrontStanding,
  HostControls,
  TunedSettings,
} from '../../../src/control-plane/tuning/host-controls.ts';
import { TuningDesk } from '../../../src/control-plane/tuning/tuning-desk.ts';
import { SettableClock } from '../../stores/settable-clock.ts';

const SETTINGS: TunedSettings = {
  ...{ workersPerFront: 1, batchMax: 64, queueMax: 4_096 },
  ...{ placement: 'auto', placements: {}, logLevel: 'info' },
};
const TURN = { actor: 'operator:olga', reason: 'a test' };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xingyun-tuning-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pathOf = () => join(folder, 'blocked-sources.json');

/** A host that does as it is told at once, and what was done to whom in which order. */
class SomeHost implements HostControls {
  readonly configured = SETTINGS;
  settings = SETTINGS;
  states: FrontStanding[] = [0, 1].map(front => ({ front, state: 'listening', restarts: 0 }));
  readonly done: string[] = [];

  apply(settings: TunedSettings): void {
    this.done.push('apply');
    this.settings = settings;
  }
  kinds() {
    return [];
  }
  fronts() {
    return this.states;
  }
  setDrained(front: number, isDrained: boolean): void {
    this.done.push(`drain ${front}`);
    const state = isDrained ? 'drained' : 'listening';
    this.states = this.states.map(each => (each.front === front ? { ...each, state } : each));
  }
  circuit(id: string) {
    return id === 'bank' ? { phase: 'closed' } : id === 'plain' ? { phase: undefined } : undefined;
  }
  setCircuit(): void {
    this.done.push('circuit');
  }
  block(sources: readonly string[]): void {
    this.done.push(`block ${sources.join(' ')}`.trim());
  }
}

function aDesk() {
  const host = new SomeHost();
  const facts: WitnessedFact[] = [];
  let failure: Error | undefined;
  const audit = {
    witness: async (fact: WitnessedFact) => {
      if (failure !== undefined) throw failure;
      facts.push(fact);
      host.done.push(`audit ${fact.action}`);
    },
  };
  const blocked = new BlockedSources(pathOf());
  const desk = new TuningDesk(host, audit, blocked, new SettableClock());
  const failAudit = () => {
    failure = new Error('The disk is full.');
  };
  return { host, facts, desk, failAudit };
}

describe('a turn', () => {
  it('is written down before it takes effect, with what was before', async () => {
    const { host, facts, desk } = aDesk();
    await Promise.all([
      desk.tune(TURN, { workersPerFront: 2 }),
      desk.tune(TURN, { batchMax: 8 }),
      desk.reset(TURN),
    ]);
    expect(host.done).toEqual(Array(3).fill(['audit tuning.change', 'apply']).flat());
    expect(facts.map(({ before, after }) => [before, after])).toMatchObject([
      [{ workersPerFront: 1 }, { workersPerFront: 2, batchMax: 64 }],
      [
        { workersPerFront: 2, batchMax: 64 },
        { workersPerFront: 2, batchMax: 8 },
      ],
      [{ workersPerFront: 2, batchMax: 8 }, { ...SETTINGS }],
    ]);
  });

  it('that changes nothing is no turn', async () => {
    const { host, desk } = aDesk();
    await desk.tune(TURN, { workersPerFront: 1 });
    await desk.setDrained(TURN, 0, false);
    expect(host.done).toEqual([]);
  });

  it('that cannot be written down is not done, and those behind it are tried', async () => {
    const { host, desk, failAudit } = aDesk();
    failAudit();
    const turns = [
      desk.tune(TURN, { workersPerFront: 2 }),
      desk.setDrained(TURN, 0, true),
      desk.setCircuit(TURN, 'bank', 1_000),
      desk.block(TURN, '192.0.2.1'),
    ];
    const outcomes = await Promise.allSettled(turns);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    expect([host.done, host.settings, desk.sources]).toEqual([[], SETTINGS, []]);
  });

  it('leaves one front that listens, however many are asked for at once', async () => {
    const { host, desk } = aDesk();
    const outcomes = await Promise.all([0, 1].map(front => desk.setDrained(TURN, front, true)));
    expect(outcomes.map(refusal => refusal?.code)).toEqual([undefined, 'conflict']);
    expect(host.states.map(({ state }) => state)).toEqual(['drained', 'listening']);
    expect((await desk.setDrained(TURN, 2, true))?.code).toBe('missing');
  });

  it('opens the circuit of an upstream that has one', async () => {
    const { desk } = aDesk();
    const codes = ['bank', 'plain', 'none'].map(async id => {
      return (await desk.setCircuit(TURN, id, 1_000))?.code;
    });
    expect(await Promise.all(codes)).toEqual([undefined, 'conflict', 'missing']);
  });
});

describe('a source that is blocked', () => {
  it('is so once, however it is written, and until it is let in again', async () => {
    const { host, desk } = aDesk();
    expect(await desk.block(TURN, '2001:DB8:0::1')).toBeUndefined();
    expect(await desk.block(TURN, '2001:db8::1')).toBeUndefined();
    expect(desk.sources).toMatchObject([{ source: '2001:db8::1', by: 'operator:olga' }]);
    expect(new BlockedSources(pathOf()).all).toEqual(desk.sources);
    expect(await desk.unblock(TURN, '2001:0db8::0001')).toBeUndefined();
    expect((await desk.unblock(TURN, '2001:db8::1'))?.code).toBe('missing');
    expect(host.done).toEqual([
      ...['audit source.block', 'block 2001:db8::1', 'audit source.unblock', 'block'],
    ]);
    expect((await desk.block(TURN, 'example.com'))?.code).toBe('invalid');
  });

  it('is not where it cannot be kept', async () => {
    const { host, desk } = aDesk();
    // No file can take the place of a folder.
    mkdirSync(pathOf());
    await expect(desk.block(TURN, '192.0.2.1')).rejects.toMatchObject({ code: 'failed' });
    expect([desk.sources, host.done]).toEqual([[], ['audit source.block']]);
  });

  it('is nobody’s guess where the file is not one of ours', () => {
    for (const text of ['{}', '[{"source":"example.com"}]', 'not json']) {
      writeFileSync(pathOf(), text);
      expect(() => new BlockedSources(pathOf()), text).toThrow(ConfigError);
      expect(readFileSync(pathOf(), 'utf8')).toBe(text);
    }
  });
});
