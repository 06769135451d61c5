import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { AdminUnderTest, type Answer, refusalOf, tokenOf } from './admin-fixture.ts';
import { KEY_PATH, LISTS, manyPartners, PARTNER } from './record-fixture.ts';
import { aRebuild, startWhole } from './whole-listener.ts';

const PATH = `/v1/partners/${PARTNER.id}`;

function open(admin: AdminUnderTest): Socket {
  const socket = connect(admin.listener.port, '127.0.0.1');
  socket.on('error', () => undefined);
  return socket;
}

/** What is answered to bytes that no client library would send. */
async function raw(admin: AdminUnderTest, bytes: string): Promise<string> {
  const socket = open(admin);
  socket.write(bytes);
  return text(socket);
}

function headOf(target: string, more = '', method = 'GET'): string {
  return (
    `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n` +
    `Authorization: Bearer ${tokenOf('olga')}\r\n${more}\r\n`
  );
}

describe('the admin API in HTTP', () => {
  it('answers HEAD as GET, without a body', async () => {
    const admin = await AdminUnderTest.start();
    await admin.seed(LISTS);
    for (const path of [
      '/v1/partners',
      PATH,
      KEY_PATH,
      '/v1/registry/status',
      '/v1/openapi.json',
    ]) {
      const [get, head] = await Promise.all([
        admin.call(path),
        admin.call(path, { method: 'HEAD' }),
      ]);
      expect(head).toMatchObject({ status: 200, body: '' });
      for (const name of ['content-type', 'content-length', 'etag']) {
        expect(head.headers.get(name), `${name} of ${path}`).toBe(get.headers.get(name));
      }
    }
  });

  it('takes no HEAD where all of a large answer would be made for it', async () => {
    const admin = await AdminUnderTest.start();
    for (const path of ['/v1/audit', '/v1/registry/export']) {
      const answer = await admin.call(path, { method: 'HEAD' });
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('GET');
    }
  });

  it('names the methods of a path, to OPTIONS and to whatever else is none of them', async () => {
    const admin = await AdminUnderTest.start();
    for (const method of ['OPTIONS', 'POST', 'PROPFIND']) {
      const answer = await admin.call(PATH, { method });
      expect(refusalOf(answer)).toBe('405 method-not-allowed');
      expect(answer.headers.get('allow')).toBe('DELETE, GET, HEAD, PATCH, PUT');
      expect(answer.headers.has('access-control-allow-origin')).toBe(false);
    }
  });

  it('has no path beside those that it names, nor an id that is too long or empty', async () => {
    const admin = await AdminUnderTest.start();
    const paths = ['/v1', '/v1/', '/v2/partners', `${PATH}/x`, '/v1/PARTNERS'];
    for (const path of paths) {
      expect(refusalOf(await admin.call(path)), path).toBe('404 not-found');
    }
    const withId = async (id: string) => refusalOf(await admin.call(`/v1/partners/${id}`));
    expect(await withId('')).toBe('400 malformed-request');
    expect(await withId('%61'.repeat(300))).toBe('404 missing');
    expect(await withId('x'.repeat(5_000))).toBe('400 malformed-request');
  });

  it('takes the absolute form of a target', async () => {
    const admin = await AdminUnderTest.start();
    const answer = await raw(admin, headOf(`${admin.url}/v1/partners`));
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"items":\[\]\}/);
  });

  it('refuses bodies of another type as it does everything else', async () => {
    const admin = await startWhole();
    const wrong: Answer[] = [];
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x']) {
      const headers = { 'content-type': type, 'if-match': '*' };
      wrong.push(await admin.call(PATH, { method: 'PUT', body: '{}', headers }));
      wrong.push(await admin.call('/v1/registry/plan', { body: '{}', headers }));
      wrong.push(await admin.call('/v1/shelf/check', { body: '{}', headers }));
    }
    expect(new Set(wrong.map(refusalOf))).toEqual(new Set(['400 malformed-request']));
  });

  it('parses no body of more values than records of its size have', async () => {
    const admin = await startWhole();
    const detailOf = async (answer: Promise<Answer>) => {
      const { body } = await answer;
      return body.detail;
    };
    const empties = (count: number) => `{"contacts":[${'[],'.repeat(count)}1]}`;
    expect(await detailOf(admin.put(PATH, empties(66_000)))).toContain('131072 values');
    expect(refusalOf(await admin.put(PATH, empties(60_000)))).toBe('422 invalid');
    const check = admin.call('/v1/shelf/check', { body: `{"document":${empties(1_100_000)}}` });
    expect(await detailOf(check)).toMatch(/more than \d+ values/);
    const transition = { body: `[${'1,'.repeat(5_000)}1]` };
    const small = admin.call(`${PATH}/transitions`, transition);
    expect(await detailOf(small)).toContain('4096 values');
  });

  it('takes UTF-8 whatever the charset says, and a mark of its order', async () => {
    const admin = await AdminUnderTest.start();
    const body = `\uFEFF${JSON.stringify({ ...PARTNER, name: '星云' })}`;
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    expect((await admin.put(PATH, body, { headers })).body).toMatchObject({ name: '星云' });
  });

  it('says what was wrong with bytes that are no request', async () => {
    const admin = await AdminUnderTest.start();
    const huge = await raw(admin, headOf(PATH, `X-Fill: ${'x'.repeat(20_000)}\r\n`));
    expect(huge).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*"detail":"The head of the request is too large\."/,
    );
    const smuggled = await raw(
      admin,
      headOf(PATH, 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', 'PUT'),
    );
    expect(smuggled).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"malformed-request"/);
  });

  it('puts no second answer into one that is under way', async () => {
    const admin = await AdminUnderTest.start();
    await admin.seed({ partners: manyPartners() });
    const socket = open(admin);
    const first = headOf('/v1/registry/export').replace('Connection: close\r\n', '');
    socket.write(first);
    await once(socket, 'readable');
    socket.write('NONSENSE\r\n\r\n');
    const underWay = await text(socket);
    expect(underWay.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(underWay).toMatch(/^HTTP\/1\.1 200 /);
    expect(await raw(admin, `${first}NONSENSE\r\n\r\n`)).not.toContain('"malformed-request"');
    const cut = headOf(PATH, 'Transfer-Encoding: chunked\r\n', 'PUT');
    expect(await raw(admin, `${cut}NONSENSE\r\n`)).toMatch(/^HTTP\/1\.1 4\d\d /);
  });
});

describe('POST /v1/registry/rebuild', () => {
  it('is answered when every front has done it, and says where one has not', async () => {
    const rebuild = aRebuild();
    const admin = await startWhole({}, rebuild);
    const done = await admin.call('/v1/registry/rebuild?wait=250', { method: 'POST' });
    expect(done).toMatchObject({ status: 200, body: { tookMs: expect.any(Number) } });
    rebuild.isDone = false;
    const failed = await admin.call('/v1/registry/rebuild', { method: 'POST' });
    expect(refusalOf(failed)).toBe('503 rebuild-failed');
    expect(rebuild.timeoutsMs).toEqual([250, 10_000]);
    for (const wait of ['0', '60001', 'x']) {
      const answer = await admin.call(`/v1/registry/rebuild?wait=${wait}`, { method: 'POST' });
      expect(refusalOf(answer)).toBe('400 malformed-request');
    }
  });
});
