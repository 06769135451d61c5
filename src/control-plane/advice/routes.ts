/** `GET /v1/advice`: how many threads and hosts for how much traffic (docs/planning.md). */
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { WORKERS_MAX } from '../../core/pool-settings.ts';
import {
  advise,
  P99_MAX_DEFAULT_MS,
  PEAK_DEFAULT,
  UTILIZATION_MAX_DEFAULT,
} from '../../planning/advise.ts';
import { MIX_KINDS, readMix } from '../../planning/mix.ts';
import type { Role } from '../admin/control-context.ts';
import { adminProblem, sendProblem } from '../admin/problems.ts';
import { type AdviceSources, measureTraffic } from './measure-traffic.ts';

const READERS: readonly Role[] = ['viewer', 'operator', 'partner-manager', 'auditor'];
/** Each shape of a host with so many is tried: 80 ms of a main thread without a core of its own. */
const CORES_MAX = 256;
const FRONTS_MAX = 1_024;

const optional = (description: string, minimum: number, maximum: number) =>
  Type.Optional(Type.Number({ description, minimum, maximum }));
const whole = (description: string, maximum: number) =>
  Type.Optional(Type.Integer({ description, minimum: 1, maximum }));

const adviceQuery = Type.Object(
  {
    rate: optional('Calls a second; the present arrivals where absent.', 0.001, 1e9),
    perDay: optional('Calls a day, in the place of `rate`.', 1, 1e13),
    peak: optional(`The busiest second over the mean; ${PEAK_DEFAULT} where absent.`, 1, 1e4),
    fronts: whole('Front threads of a host; the best where absent.', FRONTS_MAX),
    workers: whole('Workers of each front; the best where absent.', WORKERS_MAX),
    cores: whole('Cores of a host; those of this one where absent.', CORES_MAX),
    mix: Type.Optional(
      Type.String({
        description:
          'Shares of what has to be checked, as `rsa=0.7,es256=0.3`, of ' +
          `${Object.keys(MIX_KINDS).join(', ')}; as measured where absent.`,
        maxLength: 512,
      }),
    ),
    p99MaxMs: optional(`Target; ${P99_MAX_DEFAULT_MS} where absent.`, 0.001, 1e6),
    utilizationMax: optional(
      `Target, of the busiest thread and of a host; ${UTILIZATION_MAX_DEFAULT} where absent.`,
      0.01,
      0.99,
    ),
    upstreamP99Ms: optional('Of the upstream; as measured where absent.', 0, 1e6),
    besideMicros: optional('CPU per call of other processes on the host.', 0, 1e6),
  },
  { additionalProperties: false },
);

export function addAdviceRoute(app: FastifyInstance, sources: AdviceSources): void {
  app.get<{ Querystring: Static<typeof adviceQuery> }>(
    '/v1/advice',
    {
      config: { roles: READERS },
      schema: {
        tags: ['gateway'],
        operationId: 'getAdvice',
        summary: 'What to expect of threads and hosts, by what this gateway measures.',
        description:
          'Of the threads that are asked for, beside those that there are; by the calls of the ' +
          'last 30 s, or by the costs of the reference where they were too few.',
        querystring: adviceQuery,
      },
    },
    ({ query }, reply) => {
      const { mix: text, ...question } = query;
      if (query.rate !== undefined && query.perDay !== undefined) {
        return sendProblem(reply, adminProblem('invalid', 'Of "rate" and "perDay" one is enough.'));
      }
      const mix = text === undefined ? undefined : readMix(text);
      if (typeof mix === 'string') return sendProblem(reply, adminProblem('invalid', mix));
      return reply.send(advise({ ...question, mix }, measureTraffic(sources)));
    },
  );
}
