/** Two versions of a document as imports make them, compared. */
import { compareVersions } from '../../../src/control-plane/shelf/compare/compare-versions.ts';
import { convertApi } from '../../../src/control-plane/shelf/convert-api.ts';
import type { JsonObject, JsonValue } from '../../../src/stores/registry-contract.ts';
import { documentOf, operation } from './shelf-fixture.ts';

export function versionOf(document: JsonObject) {
  const choices = { id: 'a', skipInvalid: false, deriveIds: false };
  const { body, issues } = convertApi(document, choices, undefined);
  if (body === undefined) throw new Error(JSON.stringify(issues));
  return { api: body, document };
}

export function compare(before: JsonObject, after: JsonObject) {
  return compareVersions(versionOf(before), versionOf(after));
}

export const codesOf = (changes: ReturnType<typeof compare>) => ({
  breaking: changes.breaking.map(({ code }) => code),
  compatible: changes.compatible.map(({ code }) => code),
});

type Content = JsonObject | undefined;

/** One operation with this body and this answer. */
export function transfers(request: Content, response: Content, more: JsonObject = {}): JsonObject {
  const json = (schema: JsonValue) => ({ content: { 'application/json': { schema } } });
  return documentOf({
    '/transfers': {
      post: operation('transfer', {
        ...(request === undefined ? {} : { requestBody: json(request) }),
        responses: {
          200: { description: 'Done.', ...(response === undefined ? {} : json(response)) },
        },
        ...more,
      }),
    },
  });
}

/** The same change of a schema seen in a request and in an answer. */
export function change(before: JsonObject, after: JsonObject) {
  return {
    request: codesOf(compare(transfers(before, undefined), transfers(after, undefined))),
    response: codesOf(compare(transfers(undefined, before), transfers(undefined, after))),
  };
}

export const BREAKS = (...breaking: string[]) => ({ breaking, compatible: [] });
export const FINE = (...compatible: string[]) => ({ breaking: [], compatible });
