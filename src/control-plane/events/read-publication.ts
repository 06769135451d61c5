/** A publication as an upstream system sends it: from its bytes to events that can be appended. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import Type, { type Static } from 'typebox';
import type { Clock } from '../../core/clock.ts';
import type { Config } from '../../core/config.ts';
import type { PublishedEvent } from '../../core/events.ts';
import { JsonWalk } from './json-walk.ts';
import type { TopicDirectory } from './topic-directory.ts';

export interface PublicationRefusal {
  readonly name: 'malformed-request' | 'body-too-large' | 'event-invalid';
  /** Names the event by its place, as `events[3]`. */
  readonly detail: string;
}

export type Publication =
  | { readonly events: readonly PublishedEvent[] }
  | { readonly refusal: PublicationRefusal };

/** RFC 3339 section 5.6, in capitals and without leap seconds. */
const INSTANT =
  '^\\d{4}-\\d\\d-\\d\\dT([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]\\d\\d:\\d\\d)$';

const text = (pattern: string, form: string) => Type.String({ pattern, form });

const EventSchema = Type.Object(
  {
    topic: text('^[\\x21-\\x7e]{1,128}$', '1 to 128 visible ASCII characters'),
    partner: Type.Optional(text('^[\\x21-\\x7e]{1,128}$', '1 to 128 visible ASCII characters')),
    id: text('^[\\x21-\\x7e]{1,200}$', '1 to 200 visible ASCII characters'),
    time: Type.Optional(text(INSTANT, 'an instant such as 2027-01-31T00:00:00Z')),
    data: Type.Unknown(),
  },
  { additionalProperties: false },
);

const publicationSchema = (publishMax: number) =>
  Type.Object(
    { events: Type.Array(EventSchema, { minItems: 1, maxItems: publishMax }) },
    { additionalProperties: false },
  );

type Body = Static<ReturnType<typeof publicationSchema>>;
type ReceivedEvent = Body['events'][number];

/** The members of one event as they stand in the text. */
interface EventText {
  members: number;
  data: string;
}

export class PublicationReader {
  private readonly limits: Config['events'];
  private readonly clock: Clock;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });
  private readonly validate: ValidateFunction<Body>;

  constructor(limits: Config['events'], clock: Clock) {
    // TypeBox made the schema: to check it against that of schemas takes longer than the rest.
    const ajv = new Ajv({ verbose: true, strict: true, validateSchema: false });
    ajv.addVocabulary(['form']);
    this.limits = limits;
    this.clock = clock;
    this.validate = ajv.compile<Body>(publicationSchema(limits.publishMax));
  }

  /** The events of a body of `application/json`, or why none of them can be appended. */
  read(bytes: Uint8Array, directory: TopicDirectory): Publication {
    let body: unknown;
    let json: string;
    try {
      json = this.decoder.decode(bytes);
      body = JSON.parse(json);
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
      return refused('malformed-request', 'The body is not JSON in UTF-8.');
    }
    if (!this.validate(body)) return this.misshapen(this.validate.errors![0]!);
    const texts = eventTexts(json);
    const events: PublishedEvent[] = [];
    for (const [index, received] of body.events.entries()) {
      const refusal = this.refuse(received, texts[index], directory);
      if (refusal !== undefined) {
        return refused(refusal.name, `events[${index}]${refusal.detail}.`);
      }
      events.push(this.accept(received, texts[index]!.data));
    }
    return { events };
  }

  private accept({ topic, partner, id, time }: ReceivedEvent, data: string): PublishedEvent {
    const instant = time === undefined ? new Date(this.clock.wallMs()).toISOString() : inUtc(time);
    return { topic, partnerId: partner, id, time: instant, data };
  }

  private refuse(
    event: ReceivedEvent,
    found: EventText | undefined,
    directory: TopicDirectory,
  ): PublicationRefusal | undefined {
    // Parsers disagree on which of two members counts; `found` is not there where `events` is two.
    if (found?.members !== Object.keys(event).length) {
      return { name: 'malformed-request', detail: ' stands twice or has a member twice' };
    }
    const { eventMaxBytes } = this.limits;
    if (Buffer.byteLength(found.data) > eventMaxBytes) {
      return { name: 'body-too-large', detail: `.data has more than ${eventMaxBytes} bytes` };
    }
    if (event.time !== undefined && !isInstant(event.time)) {
      return { name: 'malformed-request', detail: '.time is not a day of the calendar' };
    }
    const wrong = directory.refuse(event.topic, event.partner);
    return wrong === undefined ? undefined : { name: 'event-invalid', detail: ` ${wrong}` };
  }

  private misshapen(error: ErrorObject): Publication {
    const { keyword, params } = error;
    const at = error.instancePath
      .slice(1)
      .replace(/\/(\d+)/g, '[$1]')
      .replaceAll('/', '.');
    const place = at === '' ? 'The body' : at;
    if (keyword === 'additionalProperties') {
      return refused('malformed-request', `${place} has a member that is not known here.`);
    }
    if (keyword === 'required') {
      return refused('malformed-request', `${place} lacks ${params.missingProperty}.`);
    }
    if (keyword === 'maxItems') {
      const { publishMax } = this.limits;
      return refused('malformed-request', `${place} has more than ${publishMax} events.`);
    }
    const { form } = error.parentSchema as { form?: string };
    const wanted = keyword === 'pattern' ? `must be ${form}` : error.message;
    return refused('malformed-request', `${place} ${wanted}.`);
  }
}

function refused(name: PublicationRefusal['name'], detail: string): Publication {
  return { refusal: { name, detail } };
}

/** The events' texts, in order; none where the body has `events` twice. */
function eventTexts(json: string): EventText[] {
  const lists: string[] = [];
  const body = new JsonWalk(json);
  body.members(() => lists.push(body.value()));
  if (lists.length !== 1) return [];
  const texts: EventText[] = [];
  const walk = new JsonWalk(lists[0]!);
  walk.items(() => texts.push(eventText(walk)));
  return texts;
}

function eventText(walk: JsonWalk): EventText {
  const event: EventText = { members: 0, data: '' };
  walk.members(name => {
    event.members += 1;
    const value = walk.value();
    if (name === 'data') event.data = value;
  });
  return event;
}

/** Whether the day exists: Date takes the 30th of February for the 2nd of March. */
function isInstant(time: string): boolean {
  const day = time.slice(0, 10);
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || Number.isNaN(Date.parse(time))) return false;
  return midnight.toISOString().startsWith(day);
}

/** As it was sent where it is UTC already; otherwise to the millisecond. */
function inUtc(time: string): string {
  return time.endsWith('Z') ? time : new Date(time).toISOString();
}
