import type { Config } from '../../core/config.ts';
import { APP_FIGURES, type AppFigure } from '../../core/sessions.ts';
import {
  type AppFigureValues,
  addFigures,
  figureOf,
  noFigures,
} from '../../telemetry/app-figures.ts';
import type { GatewayFacts } from './gateway-info.ts';
import { type AdminProblem, adminProblem } from './problems.ts';

const APPS_DEFAULT = 100;
const APPS_MAX = 1_000;

/** Which apps are asked for: at most `limit`, in the order of their ids, behind `after`. */
export interface SessionsPage {
  readonly limit: number;
  readonly after: string;
}

export function readSessionsPage(query: Readonly<Record<string, unknown>>) {
  const { limit = String(APPS_DEFAULT), after = '' } = query;
  if (typeof after !== 'string') return malformed('"after" is the id of an app.');
  if (typeof limit !== 'string' || !/^[1-9]\d{0,3}$/.test(limit) || Number(limit) > APPS_MAX) {
    return malformed(`"limit" is a number from 1 to ${APPS_MAX}.`);
  }
  return { limit: Number(limit), after } satisfies SessionsPage;
}

function malformed(detail: string): AdminProblem {
  return adminProblem('malformed-request', detail);
}

/**
 * The answer of /v1/sessions: what the sessions of all apps do, the same app by app, and the limits
 * that they have on each of `fronts` fronts. `next` is the `after` of the next page, where there is
 * one.
 *
 * @param apps sorted by id
 */
export function reportSessions(
  apps: readonly (readonly [app: string, values: AppFigureValues])[],
  { config }: GatewayFacts,
  { limit, after }: SessionsPage,
) {
  const totals = noFigures();
  for (const [, values] of apps) addFigures(totals, values, true);
  const behind = apps.filter(([app]) => app > after);
  const page = behind.slice(0, limit);
  const next = behind.length > limit ? page.at(-1)![0] : undefined;
  return {
    ...named(totals),
    fronts: config.fronts.count,
    limits: limitsOf(config.webSocket),
    apps: page.map(([app, values]) => ({ app, ...named(values) })),
    ...(next === undefined ? {} : { next }),
  };
}

function limitsOf({ path, compression, ...limits }: Config['webSocket']) {
  return limits;
}

type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

function named(values: AppFigureValues) {
  const members = APP_FIGURES.map(name => [camelCase(name), figureOf(values, name)] as const);
  return Object.fromEntries(members) as Record<CamelCase<AppFigure>, number>;
}

function camelCase(name: AppFigure): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
