/** `POST /v1/events`: upstream systems publish events (docs/events.md). */
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { PublishedEvent } from '../../core/events.ts';
import { EventIdTakenError, EventJournalError } from '../../stores/contracts.ts';
import type { PublicationReceipt } from '../events/event-hub.ts';
import { PublicationReader } from '../events/read-publication.ts';
import type { TopicDirectory } from '../events/topic-directory.ts';
import { holdBytes } from './held-bytes.ts';
import { adminProblem, sendProblem } from './problems.ts';

export interface PublishOptions {
  readonly limits: Config['events'];
  readonly clock: Clock;
  readonly counters: CounterSet;
  /** Of the registry that is served now. */
  readonly directory: () => TopicDirectory;
  /** Rejects with EventJournalError or EventIdTakenError where none of the events was appended. */
  readonly publish: (events: readonly PublishedEvent[]) => Promise<readonly PublicationReceipt[]>;
  /** Told that the journal takes no events; it may come with every publication. */
  readonly reportFailure: (error: EventJournalError) => void;
}

export const EVENTS_PATH = '/v1/events';

/** Names, topic, partner, id and time of one event, and some space between. */
const ENVELOPE_MAX_BYTES = 1_024;
/** Of one body, whatever publishMax and eventMaxBytes multiply to. */
const BODY_MAX_BYTES = 67_108_864;
/** Of bodies that are being received or wait for the disk. */
const PUBLICATIONS_MAX_BYTES = 134_217_728;
const RETRY_AFTER_SECONDS = '1';
const TOO_MUCH = 'Too much is being published at once. Publish it again later.';

/** What a publication of publishMax events of eventMaxBytes takes, in bytes. */
function bodyMaxBytes({ eventMaxBytes, publishMax }: Config['events']): number {
  return Math.min(publishMax * (eventMaxBytes + ENVELOPE_MAX_BYTES), BODY_MAX_BYTES);
}

/** For the OpenAPI document; the reader checks the bytes. */
const SCHEMA = {
  tags: ['events'],
  operationId: 'publishEvents',
  summary: 'Publish events (docs/events.md).',
  description: 'Takes the publisher’s token, or that of an operator with the role operator.',
};

export function addPublishRoute(app: FastifyInstance, options: PublishOptions): void {
  const reader = new PublicationReader(options.limits, options.clock);
  const bodyLimit = bodyMaxBytes(options.limits);
  app.register(async scope => {
    // In a scope of its own: the bytes are parsed here, with what a parser would lose of them.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    scope.addHook('onRequest', holdBytes(bodyLimit, PUBLICATIONS_MAX_BYTES, TOO_MUCH));
    scope.addHook('onResponse', async (_request, { statusCode }) => {
      if (statusCode >= 400 && statusCode < 500) options.counters.add('event_publications_refused');
    });
    scope.post(EVENTS_PATH, { bodyLimit, schema: SCHEMA }, async (request, reply) => {
      const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
      const publication = reader.read(body, options.directory());
      if ('refusal' in publication) {
        const { name, detail } = publication.refusal;
        return sendProblem(reply, adminProblem(name, detail));
      }
      try {
        return { events: await options.publish(publication.events) };
      } catch (error) {
        if (error instanceof EventIdTakenError) {
          return sendProblem(reply, adminProblem('event-invalid', takenDetail(error)));
        }
        if (!(error instanceof EventJournalError)) throw error;
        options.reportFailure(error);
        reply.header('retry-after', RETRY_AFTER_SECONDS);
        return sendProblem(reply, adminProblem('journal-unavailable', detailOf(error)));
      }
    });
  });
}

function takenDetail({ index }: EventIdTakenError): string {
  const why = 'has the topic and id of an event that is another partner’s, or everyone’s';
  return `events[${index}] ${why}; none of the events was appended.`;
}

/** What the disk said stays in the log. */
const CAUSES: Readonly<Record<EventJournalError['code'], string>> = {
  unusable: 'The journal cannot be used',
  full: 'The disk is full',
  failed: 'The disk cannot be written',
  closed: 'This gateway process stops, or another one takes over',
};

function detailOf({ code }: EventJournalError): string {
  const cause = CAUSES[code];
  return `${cause}; none of the events was appended. Publish them again later.`;
}
