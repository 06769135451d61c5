import { describe, expect, it } from 'vitest';
import { formatOf, negotiateFormat } from '../../../src/payload/formats/index.ts';

const JSON_TYPE = 'application/json';
const MSGPACK = 'application/vnd.msgpack';
const XML = 'application/xml';
const OFFERED = [JSON_TYPE, MSGPACK, XML];

describe('negotiateFormat', () => {
  it.each([
    [undefined, JSON_TYPE],
    ['', JSON_TYPE],
    ['*/*', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['application/xml', XML],
    ['text/xml', XML],
    ['application/x-msgpack', MSGPACK],
    ['application/json;q=0.5, application/xml', XML],
    ['application/json;q=0.5, */*;q=0.8', MSGPACK],
    ['application/json;q=0, */*', MSGPACK],
    ['application/*;q=0.1, application/xml;q=0.2', XML],
    ['APPLICATION/XML ; Q=1.000', XML],
    ['text/html, image/*', undefined],
    ['*/*;q=0', undefined],
    ['application/json;q=2', undefined],
    ['application/json;charset=utf-8', JSON_TYPE],
    [', ,', undefined],
  ])('answers %j with %s', (accept, expected) => {
    expect(negotiateFormat(accept, OFFERED)).toBe(expected);
  });
});

describe('formatOf', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['json', undefined],
    ['Application/JSON; charset=UTF-8', JSON_TYPE],
    ['application/json; charset="utf-8"', JSON_TYPE],
    ['application/json; charset=utf-16', undefined],
    ['application/msgpack', MSGPACK],
    ['text/xml', XML],
    ['application/problem+json', 'application/problem+json'],
  ])('reads %j as %s', (contentType, expected) => {
    expect(formatOf(contentType)).toBe(expected);
  });
});
