/** What the mock gateway measures of its traffic; what follows from it is the gateway's own. */
import type { FastifyInstance } from 'fastify';
import type { MeasuredTraffic } from '../../../src/planning/advice-answer.ts';
import { type AdviceQuestion, advise } from '../../../src/planning/advise.ts';
import { readMix } from '../../../src/planning/mix.ts';

const CHECK_MICROS = {
  ...{ 'rsa-pss-sha512': 31, 'ecdsa-p256-sha256': 88, ed25519: 121 },
  ...{ 'ecdsa-p384-sha384': 1_100, 'hmac-sha256': 5, 'sm2-sm3': 1_056 },
};

export const BUSY: MeasuredTraffic = {
  ...{ state: 'measured', seconds: 30, calls: 86_412, callsMin: 500, rate: 2_880.4 },
  mix: { rsa: 0.62, es256: 0.27, token: 0.08, none: 0.03 },
  ...{ frontMicros: 214, workerMicros: 83, frontUtilization: 0.308, workerUtilization: 0.119 },
  ...{ p99Ms: 21.4, upstreamP99Ms: 14.2 },
  shape: { fronts: 2, workers: 1, cores: 8 },
  checkMicros: CHECK_MICROS,
};

export const QUIET: MeasuredTraffic = {
  ...{ state: 'too-few-calls', seconds: 30, calls: 120, callsMin: 500, rate: 4 },
  ...{ mix: null, frontMicros: null, workerMicros: null },
  ...{ frontUtilization: null, workerUtilization: null, p99Ms: null, upstreamP99Ms: null },
  shape: BUSY.shape,
  checkMicros: CHECK_MICROS,
};

export function addAdvice(app: FastifyInstance, measured: () => MeasuredTraffic): void {
  app.get<{ Querystring: Record<string, string> }>('/v1/advice', ({ query }, reply) => {
    const { mix: text, ...numbers } = query;
    const mix = text === undefined ? undefined : readMix(text);
    if (typeof mix === 'string') return reply.code(422).send({ code: 'invalid', detail: mix });
    const asked = Object.entries(numbers).map(([name, value]) => [name, Number(value)]);
    const question: AdviceQuestion = { ...Object.fromEntries(asked), mix };
    return reply.send(advise(question, measured()));
  });
}
