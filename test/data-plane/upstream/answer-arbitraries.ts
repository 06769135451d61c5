/** Random answers on the wire: right ones, and right ones with a few bytes changed. */
import fc from 'fast-check';

export interface WireCase {
  readonly wire: Buffer;
  readonly head: boolean;
}

const TOKEN = "!#$%&'*+-.^_`|~0123456789abcXYZ";
const TEXT = ' \t!"(),/:;<=>?@[\\]{}abcXYZ019\x80\xa0\xfc\xff';

const charsOf = (alphabet: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });

const plainField = fc
  .tuple(
    fc.oneof(
      charsOf(TOKEN, 1, 12).map(name => `x-${name}`),
      fc.constantFrom('Date', 'ETag', 'Set-Cookie'),
    ),
    charsOf(TEXT, 0, 20),
    fc.constantFrom('', ' ', '\t', '  '),
  )
  .map(([name, value, blank]) => `${name}:${blank}${value}${blank}\r\n`);

const hopField = fc.constantFrom(
  'Connection: close\r\n',
  'connection: keep-alive, x-a\r\n',
  'Keep-Alive: timeout=5\r\n',
  'Trailer: x-t\r\n',
  'Proxy-Authenticate: Basic\r\n',
);

const bodyBytes = fc.string({ unit: fc.constantFrom(...'ab\r\n0;:\0\xff'), maxLength: 60 });

const chunkedBody = fc
  .tuple(
    fc.array(fc.tuple(bodyBytes, fc.constantFrom('', ';a', ';a=b', ';a="b c"'), fc.boolean()), {
      maxLength: 5,
    }),
    fc.array(plainField, { maxLength: 2 }),
  )
  .map(([pieces, trailers]) => {
    const chunks = pieces
      .filter(([data]) => data !== '')
      .map(([data, extension, upper]) => {
        const size = data.length.toString(16);
        return `${upper ? size.toUpperCase() : `0${size}`}${extension}\r\n${data}\r\n`;
      });
    return `${chunks.join('')}0\r\n${trailers.join('')}\r\n`;
  });

const framing = fc.oneof(
  bodyBytes.map(body => ({ field: `Content-Length: ${body.length}\r\n`, body })),
  chunkedBody.map(body => ({ field: 'Transfer-Encoding: chunked\r\n', body })),
  bodyBytes.map(body => ({ field: '', body })),
);

const interim = fc.constantFrom(
  '',
  '',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
);

const statusLine = fc
  .tuple(
    fc.constantFrom('1.1', '1.1', '1.1', '1.0'),
    fc.constantFrom(200, 200, 200, 201, 204, 302, 304, 404, 500, 599),
    fc.constantFrom(' OK', ' ', '', ' Not\tFound \xfc'),
  )
  .map(([version, status, reason]) => ({
    text: `HTTP/${version} ${status}${reason}\r\n`,
    bodiless: status === 204 || status === 304,
    old: version === '1.0',
  }));

/** Answers that keep every rule. */
export const validCase: fc.Arbitrary<WireCase> = fc
  .record({
    interim,
    status: statusLine,
    before: fc.array(fc.oneof(plainField, plainField, hopField), { maxLength: 5 }),
    after: fc.array(plainField, { maxLength: 3 }),
    framing,
    head: fc.boolean(),
  })
  .filter(({ status, framing }) => !(status.old && framing.field.startsWith('Transfer')))
  .filter(({ status, framing }) => !(status.text.includes(' 204') && framing.field !== ''))
  .map(({ interim, status, before, after, framing, head }) => {
    const body = head || status.bodiless ? '' : framing.body;
    const fields = `${before.join('')}${framing.field}${after.join('')}`;
    const wire = `${interim}${status.text}${fields}\r\n${body}`;
    return { wire: Buffer.from(wire, 'latin1'), head };
  });

const change = fc.record({
  place: fc.double({ min: 0, max: 0.999, noNaN: true }),
  remove: fc.nat({ max: 2 }),
  insert: fc.oneof(
    charsOf('\r\n\0\t :;,0123456789aA\x7f\xff', 0, 3),
    fc.constantFrom(
      '\r\n\r\n',
      '\r\nContent-Length: 3',
      '\r\nTransfer-Encoding: chunked',
      '\r\nTransfer-Encoding: gzip',
      '\r\n folded',
    ),
  ),
});

/** Answers with one to three changes; many break a rule, some do not. */
export const changedCase: fc.Arbitrary<WireCase> = fc
  .tuple(validCase, fc.array(change, { minLength: 1, maxLength: 3 }))
  .map(([{ wire, head }, changes]) => {
    let text = wire.toString('latin1');
    for (const { place, remove, insert } of changes) {
      const at = Math.floor(place * text.length);
      text = text.slice(0, at) + insert + text.slice(at + remove);
    }
    return { wire: Buffer.from(text, 'latin1'), head };
  });
