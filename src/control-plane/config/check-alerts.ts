import type { Config } from '../../core/config.ts';
import {
  ALERT_FIELDS,
  ALERT_RATES,
  type AlertKind,
  type AlertRuleConfig,
} from '../../core/config-alerts.ts';
import { PROBLEM_NAMES } from '../../core/problems.ts';
import { isSafeUrl } from '../tokens/fetch-jwks.ts';

type Report = (option: readonly (string | number)[], message: string) => void;
type When = AlertRuleConfig['when'];

/** What a schema cannot say of rules and of the webhook. */
export function checkAlerts({ alerts }: Config, report: Report): void {
  const seen = new Set<string>();
  for (const [place, { name, when }] of (alerts.rules ?? []).entries()) {
    const option = ['alerts', 'rules', place];
    if (seen.has(name)) report([...option, 'name'], 'is listed twice');
    seen.add(name);
    checkFields(when, [...option, 'when'], report);
    checkValues(when, [...option, 'when'], report);
  }
  if (alerts.webhook !== undefined && !isSafeUrl(alerts.webhook.url)) {
    report(['alerts', 'webhook', 'url'], 'must be of https, or of http on loopback');
  }
}

/** Each kind has fields of its own; one that does nothing would be believed to do something. */
function checkFields(when: When, option: readonly (string | number)[], report: Report): void {
  const { needs, takes } = ALERT_FIELDS[when.kind as AlertKind];
  const known: readonly string[] = ['kind', ...needs, ...takes];
  for (const field of needs) {
    if (when[field as keyof When] === undefined) {
      report(option, `needs ${field}, being of the kind ${when.kind}`);
    }
  }
  for (const field of Object.keys(when)) {
    if (!known.includes(field)) report([...option, field], `does not go with kind ${when.kind}`);
  }
}

function checkValues(when: When, option: readonly (string | number)[], report: Report): void {
  const { kind, longSeconds, shortSeconds, of } = when;
  if (longSeconds !== undefined && shortSeconds !== undefined && shortSeconds >= longSeconds) {
    report([...option, 'shortSeconds'], 'must be less than longSeconds');
  }
  if (kind !== 'rate') return;
  if ((when.abovePerSecond === undefined) === (when.belowPerSecond === undefined)) {
    report(option, 'must have either abovePerSecond or belowPerSecond');
  }
  const names: readonly string[] = [...ALERT_RATES, ...PROBLEM_NAMES];
  if (of !== undefined && !names.includes(of)) {
    report([...option, 'of'], `must be a problem, or one of ${ALERT_RATES.join(', ')}`);
  }
}
