/** What the connections of a generator speak, from what it was told. */
import {
  KeyedRequests,
  PlainRequests,
  type RequestSource,
  SignedRequests,
} from '../rig/presigned/request-source.ts';
import { bodyOf } from '../rig/presigned/signed-request.ts';
import type { Dialogue } from './dialogue.ts';
import type { RequestsSpec, SignedShare } from './generator-messages.ts';
import { HttpDialogue } from './http-dialogue.ts';
import { CallAnswers } from './session/call-answers.ts';
import { CALL_FORMATS, type CallFormat, type CallParams } from './session/call-format.ts';
import { type CallSource, PreparedCalls, SignedCalls } from './session/call-source.ts';
import { Handshake } from './session/handshake.ts';
import { PingDialogue } from './session/ping-dialogue.ts';
import { SessionDialogue, type SessionParts } from './session/session-dialogue.ts';

type SessionSpec = Extract<RequestsSpec, { kind: 'session' }>;

/** A dialogue for each call of what is returned; all of them take from the same requests. */
export function dialoguesOf(spec: RequestsSpec, expectedBody: string): () => Dialogue {
  if (spec.kind === 'session') {
    const parts = sessionParts(spec, expectedBody);
    return () => new SessionDialogue(parts);
  }
  const requests: RequestSource =
    spec.kind === 'plain' ? new PlainRequests(spec.method, spec.path) : signedOf(spec);
  return () => new HttpDialogue(requests, expectedBody);
}

/** Likewise, of pings. */
export function pingsOf(handshakes: SignedShare): () => Dialogue {
  const requests = requestsOf(handshakes);
  const { subprotocol } = CALL_FORMATS.json;
  return () => new PingDialogue(() => new Handshake(requests, subprotocol));
}

function signedOf(spec: Extract<RequestsSpec, { kind: 'signed' }>): RequestSource {
  const requests = requestsOf(spec);
  return spec.keyed === true ? new KeyedRequests(requests) : requests;
}

function requestsOf({ set, first, count }: SignedShare): SignedRequests {
  return SignedRequests.of(set, first, count);
}

function sessionParts(spec: SessionSpec, expectedBody: string): SessionParts {
  const format = CALL_FORMATS[spec.format];
  const handshakes = requestsOf(spec.handshakes);
  return {
    format,
    calls: callsOf(spec, format),
    answers: new CallAnswers(format, expectedBody),
    nextHandshake: () => new Handshake(handshakes, format.subprotocol),
  };
}

function callsOf(spec: SessionSpec, format: CallFormat): CallSource {
  const { method, path, bodyBytes, messages } = spec;
  const params: CallParams = {
    ...{ method, path },
    ...(bodyBytes === 0 ? {} : { body: bodyOf(bodyBytes) }),
  };
  if (messages === undefined) return new PreparedCalls(format, params);
  return new SignedCalls(format, params, requestsOf(messages));
}
