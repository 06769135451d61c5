import type { RequestSource } from '../rig/presigned/request-source.ts';
import { AnswerReader, COMPLETE } from './answer-reader.ts';
import { type Dialogue, type DialogueOutcome, UNASKED } from './dialogue.ts';

/** Requests and answers of HTTP/1.1, one at a time on a kept connection. */
export class HttpDialogue implements Dialogue {
  readonly ending = '';
  reply = undefined;
  private readonly reader = new AnswerReader();
  private readonly requests: RequestSource;
  private readonly expectedBody: string;
  private isAsked = false;

  /** `expectedBody` of a good answer, latin1: always its length, its bytes once a connection. */
  constructor(requests: RequestSource, expectedBody: string) {
    this.requests = requests;
    this.expectedBody = expectedBody;
  }

  get closes(): boolean {
    return this.reader.closes;
  }

  begin(): undefined {
    this.isAsked = false;
    this.reader.comparesBody = true;
  }

  ask(): string {
    this.isAsked = true;
    this.reader.reset();
    return this.requests.next();
  }

  read(bytes: Buffer, length: number): DialogueOutcome {
    if (!this.isAsked) return UNASKED;
    const outcome = this.reader.read(bytes, length);
    this.isAsked = outcome !== COMPLETE;
    return outcome;
  }

  fault(): string | undefined {
    const fault = this.reader.faultOf(this.expectedBody);
    this.reader.comparesBody = false;
    return fault;
  }
}
