import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SECURITY_HEADERS } from '../../../src/control-plane/admin/listener-app.ts';
import { addConsolePage } from '../../../src/control-plane/console/serve-page.ts';

const SCRIPT = 'assets/index-DxnTleVa.js';

describe('addConsolePage', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'serve-page-'));
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Xingyun</title>');
    writeFileSync(join(folder, SCRIPT), 'export {};');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const served = (from = folder) => {
    const app = fastify();
    // As the admin listener does, whose policy is for data.
    app.addHook('onRequest', async (_, reply) => void reply.headers(SECURITY_HEADERS));
    addConsolePage(app, from);
    return (url: string, headers = {}) => app.inject({ url, headers });
  };

  it('redirects to the folder of the page', async () => {
    const { statusCode, headers } = await served()('/console');
    expect([statusCode, headers.location]).toEqual([308, '/console/']);
  });

  it('serves the page with its own policy, to be asked for each time', async () => {
    const { statusCode, headers, body } = await served()('/console/');
    expect(statusCode).toBe(200);
    expect(body).toContain('Xingyun');
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    });
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining([
        ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"],
        ...["img-src 'self' data:", "frame-ancestors 'none'"],
      ]),
    );
    expect(policy.join()).not.toMatch(/unsafe/);
  });

  it('lets files with a hash in their name be kept', async () => {
    const { headers } = await served()(`/console/${SCRIPT}`);
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    });
  });

  it('sends nothing again to who has it', async () => {
    const get = served();
    const { etag } = (await get('/console/')).headers;
    const again = await get('/console/', { 'if-none-match': `"other", W/${etag}` });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    const changed = await get('/console/', { 'if-none-match': '"other"' });
    expect(changed.statusCode).toBe(200);
  });

  it.each(['nothing.js', '..%2f..%2fpackage.json', 'assets/'])('has no %s', async path => {
    const answer = await served()(`/console/${path}`);
    expect([answer.statusCode, answer.json().code]).toEqual([404, 'missing']);
  });

  it('says how to build the page where it is not there', async () => {
    const get = served(join(folder, 'not-built'));
    for (const path of ['/console/', `/console/${SCRIPT}`]) {
      const answer = await get(path);
      expect([answer.statusCode, answer.json().code]).toEqual([404, 'missing']);
      expect(answer.json().detail).toContain('npm run build:console');
    }
  });

  it('does not start with files that no build of the page makes', () => {
    writeFileSync(join(folder, 'operators.yaml'), 'operators: []');
    expect(() => served()).toThrow(/operators\.yaml/);
  });
});
