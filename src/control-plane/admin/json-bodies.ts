/**
 * Bodies of the admin API are JSON in UTF-8. They are parsed here, because a body that a signature
 * covers has to be the one that was signed, byte by byte.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { findExcess, LEVELS_MAX } from './json-shape.ts';
import { adminProblem } from './problems.ts';
import { RequestRefused } from './request-refused.ts';

/**
 * One value for so many bytes that a route takes: records have one in 20 to 40. A registry of 256
 * MiB may have 16 million, and nobody fills the heap with empty lists.
 */
const BYTES_PER_VALUE = 16;
const NOT_JSON = 'The body is not JSON, or has a member named __proto__.';
const NO_BODY = new Uint8Array();

/** RFC 7396 has a media type of its own. */
export const MERGE_PATCH = 'application/merge-patch+json';

/** @param bodyMaxBytes of routes that say nothing else */
export function takeJsonBodies(app: FastifyInstance, bodyMaxBytes: number): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    ['application/json', MERGE_PATCH],
    { parseAs: 'buffer' },
    (request, body, done) => {
      const refusal = refuseBody(request, body);
      if (refusal !== undefined) return done(refusal);
      if (body.length === 0) return done(null);
      const { bodyLimit = bodyMaxBytes } = request.routeOptions;
      const excess = describeExcess(body, Math.floor(bodyLimit / BYTES_PER_VALUE));
      if (excess !== undefined) return done(malformed(excess));
      const text = decode(body);
      if (text === undefined) return done(malformed('The body is not UTF-8 text.'));
      return parse(request, text, (error, value) =>
        error === null ? done(null, value) : done(malformed(NOT_JSON)),
      );
    },
  );
  // Runs behind the parser: what it has not seen has no body.
  app.addHook('preValidation', async request => {
    const refusal = refuseBody(request, NO_BODY);
    if (refusal !== undefined) throw refusal;
  });
}

function refuseBody(request: FastifyRequest, body: Uint8Array): RequestRefused | undefined {
  const { signedHead } = request;
  if (signedHead === null) return undefined;
  request.signedHead = null;
  if (signedHead.bodyMatches(body)) return undefined;
  const detail = 'Content-Digest is not the digest of the body that arrived.';
  return new RequestRefused(adminProblem('digest-mismatch', detail));
}

function describeExcess(body: Uint8Array, valuesMax: number): string | undefined {
  switch (findExcess(body, valuesMax)) {
    case 'levels':
      return `The body nests deeper than ${LEVELS_MAX} levels.`;
    case 'values':
      return `The body has more than ${valuesMax} values.`;
    case undefined:
      return undefined;
  }
}

function decode(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

function malformed(detail: string): RequestRefused {
  return new RequestRefused(adminProblem('malformed-request', detail));
}
