/** Sign-in for browsers, the traffic of each second, and that of the last day (docs/console.md). */
import websocket from '@fastify/websocket';
import { stringifySetCookie } from 'cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { percentileCurve, trafficFigures } from '../../telemetry/history/traffic-figures.ts';
import { HISTORY_KEPT_MS, type TrafficHistory } from '../../telemetry/history/traffic-history.ts';
import type { DistributionAnswer, HistoryAnswer } from '../../telemetry/live-frame.ts';
import { type Authenticator, sessionSecret } from '../admin/authenticator.ts';
import { holdPlaces } from '../admin/held-bytes.ts';
import { adminProblem, sendProblem } from '../admin/problems.ts';
import type { RateLimits } from '../admin/rate-limits.ts';
import { type ConsoleSessions, SESSION_COOKIE } from './console-sessions.ts';
import type { LiveFeed } from './live-feed.ts';

const STEPS_DEFAULT = 120;
const STEPS_MAX = 720;
/** Each adds up to a day of slices, 0.2 s of the thread in turns of 8 ms. */
const READINGS_MAX = 4;
const TOKEN_MAX_CHARS = 4_096;
/** What a viewer may send: nothing is asked of one. */
const VIEWER_MESSAGE_MAX_BYTES = 1_024;
const TAGS = ['console'];

export interface ConsoleSources {
  readonly feed: LiveFeed;
  readonly history: TrafficHistory;
}

export interface ConsoleParts extends ConsoleSources {
  readonly authenticator: Authenticator;
  readonly sessions: ConsoleSessions;
  readonly limits: RateLimits;
  /** Whether figures are for everybody who reaches the listener. */
  readonly isOpen: boolean;
  /** Whether browsers reach it over TLS alone. */
  readonly isSecure: boolean;
}

const TokenSchema = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: TOKEN_MAX_CHARS }) },
  { additionalProperties: false },
);
const moment = (description: string) => Type.Optional(Type.Integer({ description, minimum: 0 }));
const span = {
  fromMs: moment('Milliseconds since the epoch; ten minutes before `toMs` where absent.'),
  toMs: moment('Milliseconds since the epoch; now where absent.'),
};
const SpanSchema = Type.Object(span, { additionalProperties: false });
const HistorySchema = Type.Object(
  {
    ...span,
    steps: Type.Optional(
      Type.Integer({
        description: `Rows of equal length; ${STEPS_DEFAULT} where absent.`,
        minimum: 1,
        maximum: STEPS_MAX,
      }),
    ),
  },
  { additionalProperties: false },
);

/**
 * Before any hook that may refuse: the socket of a refused upgrade is its own, and it alone closes
 * it.
 */
export async function takeWebSockets(app: FastifyInstance): Promise<void> {
  await app.register(websocket, {
    options: { maxPayload: VIEWER_MESSAGE_MAX_BYTES, perMessageDeflate: false },
  });
}

export function addConsoleRoutes(app: FastifyInstance, parts: ConsoleParts): void {
  addSignIn(app, parts);
  addHistory(app, parts.history);
  const { feed, authenticator, isOpen } = parts;
  app.get(
    '/v1/live',
    {
      websocket: true,
      schema: about('watchTraffic', 'Over a WebSocket: what happens, once a second.'),
    },
    (socket, request) => feed.join(socket, () => isOpen || authenticator.mayStay(request)),
  );
  app.addHook('preClose', async () => feed.close());
}

function addSignIn(app: FastifyInstance, parts: ConsoleParts): void {
  const { authenticator, sessions, limits, isOpen } = parts;
  const setCookie = cookieSetter(parts.isSecure);
  const open = { open: true } as const;
  app.post<{ Body: Static<typeof TokenSchema> }>(
    '/v1/console/session',
    {
      config: open,
      schema: {
        ...about('signIn', 'Sign in with an operator’s token; the answer sets a cookie.'),
        body: TokenSchema,
      },
    },
    async (request, reply) => {
      // As if it had come the usual way, so that guesses count alike.
      request.headers.authorization = `Bearer ${request.body.token}`;
      const blocked = await limits.refuseGuesser(request, reply);
      if (blocked !== undefined) return sendProblem(reply, blocked);
      const outcome = authenticator.byToken(request);
      if ('code' in outcome) {
        await limits.countWrongToken(request);
        return sendProblem(reply, adminProblem('unauthorized', 'No operator has this token.'));
      }
      const { principal } = outcome;
      setCookie(reply, sessions.open(principal, request.body.token));
      return { operator: principal.id, roles: principal.roles, signInNeeded: !isOpen };
    },
  );
  app.get(
    '/v1/console/session',
    { config: open, schema: about('getSession', 'Who is signed in, and whether one must be.') },
    (request, reply) => {
      // Not by a token: guesses are counted where one signs in.
      const known = authenticator.signedIn(request);
      if (known !== undefined) {
        const { id: operator, roles } = known;
        return reply.send({ operator, roles, signInNeeded: !isOpen });
      }
      if (isOpen) return reply.send({ operator: null, roles: [], signInNeeded: false });
      return sendProblem(reply, adminProblem('unauthorized', 'Sign in with a token.'));
    },
  );
  app.delete(
    '/v1/console/session',
    { config: open, schema: about('signOut', 'End the sign-in of this browser.') },
    (request, reply) => {
      endSession(request, parts.sessions);
      setCookie(reply, '');
      return reply.code(204).send();
    },
  );
}

function endSession({ headers }: FastifyRequest, sessions: ConsoleSessions): void {
  const secret = sessionSecret(headers.cookie);
  if (secret !== undefined) sessions.close(secret);
}

/** For scripts out of reach and for this site alone; '' ends it. */
function cookieSetter(secure: boolean) {
  return (reply: FastifyReply, value: string): void => {
    const cookie = stringifySetCookie({
      ...{ name: SESSION_COOKIE, value, path: '/', httpOnly: true, sameSite: 'strict', secure },
      ...(value === '' ? { maxAge: 0 } : {}),
    });
    reply.header('set-cookie', cookie);
  };
}

function addHistory(app: FastifyInstance, history: TrafficHistory): void {
  const onRequest = holdPlaces(READINGS_MAX, 'History is being read by others. Ask again later.');
  app.get<{ Querystring: Static<typeof HistorySchema> }>(
    '/v1/history',
    {
      onRequest,
      schema: {
        ...about('getHistory', 'The traffic of a span of the last day, in rows.'),
        querystring: HistorySchema,
      },
    },
    async (request, reply) => {
      const asked = readSpan(request.query);
      if (asked === undefined) return refuseSpan(reply);
      const { fromMs, toMs } = asked;
      const { steps: wanted = STEPS_DEFAULT } = request.query;
      const most = Math.floor((toMs - fromMs) / history.finestMs(fromMs));
      const steps = Math.max(1, Math.min(wanted, most));
      const rows = await whileOpen(reply, signal => history.rows(fromMs, toMs, steps, signal));
      if (rows === undefined) return reply.hijack();
      return { stepMs: (toMs - fromMs) / steps, rows } satisfies HistoryAnswer;
    },
  );
  app.get<{ Querystring: Static<typeof SpanSchema> }>(
    '/v1/distribution',
    {
      onRequest,
      schema: {
        ...about('getDistribution', 'The traffic of a span of the last day as a whole.'),
        querystring: SpanSchema,
      },
    },
    async (request, reply) => {
      const asked = readSpan(request.query);
      if (asked === undefined) return refuseSpan(reply);
      const { fromMs, toMs } = asked;
      const sum = await whileOpen(reply, signal => history.sumOf(fromMs, toMs, signal));
      if (sum === undefined) return reply.hijack();
      return {
        traffic: trafficFigures(sum, fromMs, toMs),
        curve: percentileCurve(sum),
      } satisfies DistributionAnswer;
    },
  );
}

/** Undefined where the client has left, whose place another one has by then. */
async function whileOpen<T>(
  { raw }: FastifyReply,
  read: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const closed = new AbortController();
  raw.once('close', () => closed.abort());
  try {
    return await read(closed.signal);
  } catch (error) {
    if (closed.signal.aborted) return undefined;
    throw error;
  }
}

const SPAN_DEFAULT_MS = 600_000;

/** Undefined where it does not end after it begins, or is longer than what is kept. */
function readSpan({ fromMs, toMs = Date.now() }: Static<typeof SpanSchema>) {
  const from = fromMs ?? toMs - SPAN_DEFAULT_MS;
  return from < toMs && toMs - from <= HISTORY_KEPT_MS ? { fromMs: from, toMs } : undefined;
}

function refuseSpan(reply: FastifyReply): FastifyReply {
  const detail = '"fromMs" must be before "toMs", by a day at most.';
  return sendProblem(reply, adminProblem('invalid', detail));
}

function about(operationId: string, summary: string) {
  return { tags: TAGS, operationId, summary };
}
