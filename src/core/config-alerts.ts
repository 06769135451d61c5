import Type, { type Static } from 'typebox';
import { integer, section } from './config-fields.ts';

/** What a rule may be about: the fields of `when` that each kind needs, and those it may have. */
export const ALERT_FIELDS = {
  'burn-rate': {
    needs: ['objective', 'longSeconds', 'shortSeconds', 'factor'],
    takes: ['aboveMs'],
  },
  percentile: { needs: ['quantile', 'aboveMs', 'windowSeconds'], takes: [] },
  rate: { needs: ['of', 'windowSeconds'], takes: ['abovePerSecond', 'belowPerSecond'] },
} as const;

export type AlertKind = keyof typeof ALERT_FIELDS;

/** What `of` of a rate may name beside a problem: all refusals, calls given up, all calls. */
export const ALERT_RATES = ['refused', 'aborted', 'exchanges'] as const;

const ALERT_SEVERITIES = ['page', 'ticket'] as const;
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

const optionalInteger = (description: string, minimum: number, maximum: number) =>
  Type.Optional(Type.Integer({ description, minimum, maximum }));
const optionalNumber = (description: string, minimum: number, maximum: number) =>
  Type.Optional(Type.Number({ description, minimum, maximum }));

/** Histograms tell no two calls apart that took longer: a rule beyond it would never hold. */
const ABOVE_MAX_MS = 60_000;
/** Of the traffic that is remembered: the last day. */
const WINDOW_MAX_SECONDS = 86_400;
const RATE_MAX = 1_000_000;

const condition = Type.Object(
  {
    kind: Type.Enum(Object.keys(ALERT_FIELDS) as AlertKind[], {
      description:
        '`burn-rate`: the error budget of an objective is used up too fast; `percentile`: calls ' +
        'take too long; `rate`: too many or too few of something in a second.',
    }),
    objective: optionalNumber(
      'Of a burn rate: share of calls that must be good, such as 0.999.',
      0.5,
      0.999_999,
    ),
    longSeconds: optionalInteger('Of a burn rate: the long window.', 60, WINDOW_MAX_SECONDS),
    shortSeconds: optionalInteger(
      'Of a burn rate: the short window, shorter than the long one.',
      5,
      WINDOW_MAX_SECONDS,
    ),
    factor: optionalNumber(
      'Of a burn rate: how many times as fast as the objective allows, in both windows.',
      1,
      10_000,
    ),
    quantile: optionalNumber('Of a percentile: 0.99 for p99.', 0.5, 0.9999),
    aboveMs: optionalInteger(
      'Of a percentile: the time that it must exceed. Of a burn rate: calls that took longer are ' +
        'the bad ones; where absent, those that failed are.',
      1,
      ABOVE_MAX_MS,
    ),
    windowSeconds: optionalInteger('Of a percentile or a rate.', 5, WINDOW_MAX_SECONDS),
    of: Type.Optional(
      Type.String({
        description: `Of a rate: a problem, or one of ${ALERT_RATES.join(', ')}.`,
        pattern: '^[a-z][a-z-]{1,63}$',
        form: `the name of a problem, or one of ${ALERT_RATES.join(', ')}`,
      }),
    ),
    abovePerSecond: optionalNumber('Of a rate: this or belowPerSecond.', 0, RATE_MAX),
    belowPerSecond: optionalNumber('Of a rate: this or abovePerSecond.', 0, RATE_MAX),
  },
  { description: 'The condition.', additionalProperties: false },
);

const rule = Type.Object(
  {
    name: Type.String({
      description: 'Unique; a label in `/metrics`.',
      pattern: '^[a-z][a-z0-9-]{0,63}$',
      form: 'a name of lower-case letters, digits and hyphens that starts with a letter',
    }),
    severity: Type.Enum([...ALERT_SEVERITIES], {
      description: '`page`: somebody must look now; `ticket`: in working hours.',
    }),
    when: condition,
    forSeconds: integer('How long it must hold without a break.', 60, 0, 86_400),
  },
  { additionalProperties: false },
);

const webhook = Type.Object(
  {
    url: Type.String({
      description: 'Where each alert that fires or is resolved is posted; http on loopback only.',
      pattern: '^https?://[^\\s@]{1,1000}$',
      form: 'a URL of https without a user, or of http on loopback',
    }),
    secretFile: Type.String({
      description: 'File with the secret of its signatures (HMAC-SHA256), relative to this file.',
    }),
    timeoutMs: integer('Longest wait for an answer.', 5_000, 100, 60_000),
    attemptsMax: integer('How often one is sent in vain before it is given up.', 6, 1, 20),
    retryDelayMs: integer(
      'Pause after the first vain attempt; doubled each time, a minute at most.',
      1_000,
      10,
      60_000,
    ),
    queueMax: integer('Those that wait; beyond it the oldest is dropped.', 256, 1, 10_000),
  },
  { description: 'Whom alerts are sent to; nobody where absent.', additionalProperties: false },
);

export const alertsSection = section('What operators are alerted of (docs/alerts.md).', {
  rules: Type.Optional(
    Type.Array(rule, {
      description: 'In the place of those that ship with the gateway; an empty list for none.',
      maxItems: 64,
    }),
  ),
  callsMin: integer(
    'Calls in a window below which no burn rate and no percentile is judged; a tenth of it in ' +
      'the short window of a burn rate.',
    100,
    1,
    1_000_000,
  ),
  clearMarginPercent: integer(
    'How far on the good side of its threshold a firing alert must be to count as over.',
    10,
    0,
    90,
  ),
  clearSeconds: integer('How long it must stay there to be resolved.', 60, 0, 86_400),
  webhook: Type.Optional(webhook),
});

export type AlertsConfig = Static<typeof alertsSection>;
export type AlertRuleConfig = Static<typeof rule>;
export type AlertWebhookConfig = Static<typeof webhook>;
