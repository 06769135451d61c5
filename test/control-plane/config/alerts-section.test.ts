import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../../src/control-plane/config/index.ts';
import { aFolder, problemsOf } from './config-fixture.ts';

const SECRET = 'a-secret-of-more-than-22-characters';

function load(alerts: unknown, files: Readonly<Record<string, string>> = {}) {
  const text = stringify({ alerts });
  return loadConfig(join(aFolder({ ...files, 'xingyun.yaml': text }), 'xingyun.yaml'));
}

/** The options that are refused. */
function refused(alerts: unknown, files: Readonly<Record<string, string>> = {}): string[] {
  return problemsOf(() => load(alerts, files)).map(({ path }) => path);
}

const BURN = {
  kind: 'burn-rate',
  ...{ objective: 0.999, longSeconds: 3_600, shortSeconds: 300, factor: 14.4 },
};
const RATE = { kind: 'rate', of: 'overloaded', abovePerSecond: 1, windowSeconds: 60 };
const rule = (when: unknown, name = 'a') => ({ name, severity: 'page', when });

describe('the alerts section', () => {
  it('may be absent: the rules that ship hold, and nobody is told', () => {
    const { alerts } = load(undefined).config;
    expect(alerts).toEqual({ callsMin: 100, clearMarginPercent: 10, clearSeconds: 60 });
  });

  it('takes rules of each kind', () => {
    const percentile = { kind: 'percentile', quantile: 0.99, aboveMs: 50, windowSeconds: 60 };
    const kinds = [BURN, { ...BURN, aboveMs: 100 }, percentile, RATE];
    const rules = kinds.map((when, i) => rule(when, `rule-${i}`));
    const { alerts } = load({ rules }).config;
    expect(alerts.rules!.map(({ when }) => when)).toEqual(kinds);
    expect(alerts.rules![0]!.forSeconds).toBe(60);
  });

  it('wants the fields of the kind, and no others', () => {
    const { factor: _, ...incomplete } = BURN;
    expect(refused({ rules: [rule(incomplete)] })).toEqual(['alerts.rules[0].when']);
    expect(refused({ rules: [rule({ ...RATE, quantile: 0.9 })] })).toEqual([
      'alerts.rules[0].when.quantile',
    ]);
  });

  it('wants one side of a rate, a known problem, and a short window that is shorter', () => {
    const both = { ...RATE, belowPerSecond: 1 };
    expect(refused({ rules: [rule(both)] })).toEqual(['alerts.rules[0].when']);
    const unknown = { ...RATE, of: 'over-loaded' };
    expect(refused({ rules: [rule(unknown)] })).toEqual(['alerts.rules[0].when.of']);
    const long = { ...BURN, shortSeconds: 3_600 };
    expect(refused({ rules: [rule(long)] })).toEqual(['alerts.rules[0].when.shortSeconds']);
  });

  it('wants each name once', () => {
    expect(refused({ rules: [rule(RATE), rule(RATE)] })).toEqual(['alerts.rules[1].name']);
  });

  it('sends alerts over https, or to loopback', () => {
    const files = { 'hook.secret': SECRET };
    const webhook = { url: 'http://127.0.0.1:9/hook', secretFile: 'hook.secret' };
    const { config, file } = load({ webhook }, files);
    expect(config.alerts.webhook).toMatchObject({
      url: webhook.url,
      secretFile: join(dirname(file!), 'hook.secret'),
      ...{ timeoutMs: 5_000, attemptsMax: 6, retryDelayMs: 1_000, queueMax: 256 },
    });
    const plain = { ...webhook, url: 'http://bank.example/hook' };
    expect(refused({ webhook: plain }, files)).toEqual(['alerts.webhook.url']);
    const user = { ...webhook, url: 'https://user:secret@bank.example/hook' };
    expect(refused({ webhook: user }, files)).toEqual(['alerts.webhook.url']);
  });

  it('wants a secret that cannot be guessed, and does not repeat it', () => {
    const webhook = { url: 'https://bank.example/hook', secretFile: 'hook.secret' };
    expect(refused({ webhook })).toEqual(['alerts.webhook.secretFile']);
    const problems = problemsOf(() => load({ webhook }, { 'hook.secret': 'short' }));
    expect(problems.map(({ path }) => path)).toEqual(['alerts.webhook.secretFile']);
    expect(problems[0]!.message).not.toContain('short');
    for (const secret of [`whsec_${'!'.repeat(40)}`, `whsec_${'A'.repeat(18)}`]) {
      expect(refused({ webhook }, { 'hook.secret': secret })).toEqual([
        'alerts.webhook.secretFile',
      ]);
    }
    const { config } = load({ webhook }, { 'hook.secret': `whsec_${'A'.repeat(32)}` });
    expect(config.alerts.webhook).toBeDefined();
  });
});
