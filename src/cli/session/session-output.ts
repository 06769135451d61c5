/** What `xingyun ws` shows: for a person, or one JSON object a line. */
import { ProblemError, SessionError, type SessionEvent } from '../../client/index.ts';
import { describeProblem } from '../answer.ts';
import { complain, write } from '../output.ts';

interface ShownAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export class SessionOutput {
  /** Whether something failed that was asked for. */
  hasFailure = false;
  /** Called before and after something is shown: a prompt makes room. */
  around: { before(): void; after(): void } | undefined;
  private readonly isJson: boolean;

  constructor(isJson: boolean) {
    this.isJson = isJson;
  }

  async answer(command: string, { status, headers, body }: ShownAnswer): Promise<void> {
    if (this.isJson) {
      await this.line({ kind: 'answer', command, status, headers, body: presentable(body) });
    } else if (body === undefined) {
      this.say(`${status}\n`);
    } else {
      await this.show(bodyText(body));
    }
  }

  async event(event: SessionEvent): Promise<void> {
    const { topic, cursor, id, time, data } = event;
    if (this.isJson) {
      await this.line({ kind: 'event', topic, cursor, id, time, data });
      return;
    }
    await this.show(`${time} ${topic} ${id} ${JSON.stringify(data)}\n`);
  }

  async subscribed(topic: string, cursor: string | undefined): Promise<void> {
    if (this.isJson) await this.line({ kind: 'subscribed', topic, cursor });
    else this.say(`${topic}: subscribed, behind ${cursor}\n`);
  }

  async unsubscribed(topic: string, cursor: string | undefined): Promise<void> {
    if (this.isJson) await this.line({ kind: 'unsubscribed', topic, cursor });
    else this.say(`${topic}: ended, behind ${cursor}\n`);
  }

  async failed(command: string, error: unknown): Promise<void> {
    this.hasFailure = true;
    if (error instanceof ProblemError) await this.problem(command, error);
    else await this.failure(command, error as Error);
  }

  /** On standard error; nothing that a script reads. */
  say(text: string): void {
    this.around?.before();
    complain(text);
    this.around?.after();
  }

  private async problem(command: string, error: ProblemError): Promise<void> {
    const { status, code, title, detail, requestId, retryAfterSeconds, body } = error;
    if (this.isJson) {
      const members = { status, code, title, detail, requestId, retryAfterSeconds };
      await this.line({ kind: 'problem', command, ...members, body: presentable(body) });
      return;
    }
    const type = (body as { type?: unknown } | undefined)?.type;
    const shownType = typeof type === 'string' ? type : undefined;
    this.say(describeProblem(status, { type: shownType, title, detail, code, requestId }));
  }

  private async failure(command: string, error: Error): Promise<void> {
    if (!this.isJson) {
      this.say(`${command}: ${error.message}\n`);
      return;
    }
    const isKnown = error instanceof SessionError;
    const code = isKnown ? error.code : undefined;
    const mayHaveTakenEffect = isKnown && error.mayHaveTakenEffect;
    const { message } = error;
    await this.line({ kind: 'failure', command, code, mayHaveTakenEffect, message });
  }

  private line(value: object): Promise<void> {
    return this.show(`${JSON.stringify(value)}\n`);
  }

  private async show(text: string | Uint8Array): Promise<void> {
    this.around?.before();
    await write(text);
    this.around?.after();
  }
}

/** Bytes have no JSON of their own. */
function presentable(body: unknown): unknown {
  return body instanceof Uint8Array ? { base64: Buffer.from(body).toString('base64') } : body;
}

function bodyText(body: unknown): string | Uint8Array {
  if (body instanceof Uint8Array) return body;
  const indent = process.stdout.isTTY ? 2 : undefined;
  const text = typeof body === 'string' ? body : JSON.stringify(body, undefined, indent);
  return text.endsWith('\n') ? text : `${text}\n`;
}
