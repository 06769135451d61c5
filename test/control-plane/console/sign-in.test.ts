import { describe, expect, it } from 'vitest';
import { ConsoleSessions } from '../../../src/control-plane/console/console-sessions.ts';
import { OperatorDirectory } from '../../../src/control-plane/operators/operator-directory.ts';
import { SettableClock } from '../../stores/settable-clock.ts';
import {
  AdminUnderTest,
  anOperator,
  CONFIG_ADMIN,
  OPERATORS,
  tokenOf,
} from '../admin/admin-fixture.ts';

const SESSION = '/v1/console/session';
const CONSOLE = { 'x-xingyun-console': '1' };

async function signIn(admin: AdminUnderTest, id: string): Promise<string> {
  const answer = await admin.call(SESSION, {
    ...{ method: 'POST', as: '', body: { token: tokenOf(id) } },
  });
  expect(answer.status).toBe(200);
  return answer.headers.get('set-cookie')!.split(';')[0]!;
}

describe('signing in', () => {
  it('sets a cookie that scripts and other sites have no use of', async () => {
    const admin = await AdminUnderTest.start();
    const answer = await admin.call(SESSION, {
      ...{ method: 'POST', as: '', body: { token: tokenOf('olga') } },
    });
    expect(answer.body).toEqual({ operator: 'olga', roles: ['operator'], signInNeeded: false });
    const cookie = answer.headers.get('set-cookie')!;
    expect(cookie).toMatch(/^xingyun_console=[\w-]{43};/);
    for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/']) expect(cookie).toContain(part);
    expect(cookie).not.toContain(tokenOf('olga'));
  });

  it('lets the browser ask and change as the operator until it signs out', async () => {
    const admin = await AdminUnderTest.start();
    const headers = { cookie: await signIn(admin, 'olga') };
    expect((await admin.call(SESSION, { as: '', headers })).body.operator).toBe('olga');
    expect((await admin.call('/v1/partners', { as: '', headers })).status).toBe(200);
    const body = { name: 'P', class: 'data-provider' };
    const put = { method: 'PUT', as: '', body };
    const forged = await admin.call('/v1/partners/p', { ...put, headers });
    expect([forged.status, forged.body.code]).toEqual([401, 'unauthorized']);
    const ownPage = { ...headers, ...CONSOLE, 'if-none-match': '*' };
    expect((await admin.call('/v1/partners/p', { ...put, headers: ownPage })).status).toBe(201);
    await admin.call(SESSION, { method: 'DELETE', as: '', headers: ownPage });
    expect((await admin.call('/v1/partners', { as: '', headers })).status).toBe(401);
  });

  it('counts for nothing on a page of another site', async () => {
    const admin = await AdminUnderTest.start();
    const cookie = await signIn(admin, 'olga');
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1']) {
      const headers = { cookie, origin, ...CONSOLE };
      expect((await admin.call('/v1/partners', { as: '', headers })).status, origin).toBe(401);
    }
    const origin = `http://127.0.0.1:${admin.listener.port}`;
    const headers = { cookie, origin };
    expect((await admin.call('/v1/partners', { as: '', headers })).status).toBe(200);
  });

  it('counts on the page that a proxy serves under the listener’s public name', async () => {
    const config = { ...CONFIG_ADMIN, publicAuthority: 'Console.bank.example' };
    const admin = await AdminUnderTest.start({ listener: { config } });
    const cookie = await signIn(admin, 'vera');
    const ask = (origin: string) =>
      admin.call('/v1/partners', { as: '', headers: { cookie, origin } });
    expect((await ask('https://console.bank.example')).status).toBe(200);
    expect((await ask('https://console.bank.example:8443')).status).toBe(401);
  });

  it('has the roles of the operator and no others', async () => {
    const admin = await AdminUnderTest.start();
    const headers = { cookie: await signIn(admin, 'vera'), ...CONSOLE };
    const answer = await admin.call('/v1/partners/p', {
      ...{ method: 'PUT', as: '', headers, body: { name: 'P', class: 'data-provider' } },
    });
    expect(answer.body.code).toBe('role-insufficient');
  });

  it('is refused with a wrong token, and after many for a while', async () => {
    const admin = await AdminUnderTest.start();
    const codes: string[] = [];
    for (let i = 0; i < 21; i += 1) {
      const answer = await admin.call(SESSION, {
        ...{ method: 'POST', as: '', body: { token: `wrong ${i}` } },
      });
      codes.push(answer.body.code);
    }
    expect(codes.slice(0, 19)).toEqual(codes.slice(0, 19).map(() => 'unauthorized'));
    expect(codes.at(-1)).toBe('too-many-failures');
  });

  it('lets nobody try tokens where it says who is signed in', async () => {
    const admin = await AdminUnderTest.start();
    for (const cookie of ['other=1', 'xingyun_console=unknown']) {
      const answer = await admin.call(SESSION, { as: 'olga', headers: { cookie } });
      expect(answer.body.operator, cookie).toBeNull();
    }
  });

  it('sends its cookie over TLS alone where operators reach it so', async () => {
    const config = { ...CONFIG_ADMIN, publicScheme: 'https' as const };
    const admin = await AdminUnderTest.start({ listener: { config } });
    const answer = await admin.call(SESSION, {
      ...{ method: 'POST', as: '', body: { token: tokenOf('olga') } },
    });
    expect(answer.headers.get('set-cookie')).toContain('; Secure');
  });

  it('is needed where figures are not for everybody', async () => {
    const config = { ...CONFIG_ADMIN, tokenFile: 'admin.token' };
    const operators = () => new OperatorDirectory(OPERATORS, tokenOf('admin'));
    const admin = await AdminUnderTest.start({ listener: { config, operators } });
    expect((await admin.call(SESSION, { as: '' })).status).toBe(401);
    expect((await admin.call('/v1/history', { as: '' })).status).toBe(401);
    const headers = { cookie: await signIn(admin, 'vera') };
    expect((await admin.call('/v1/history', { as: '', headers })).status).toBe(200);
    const open = await (await AdminUnderTest.start()).call(SESSION, { as: '' });
    expect(open.body).toEqual({ operator: null, roles: [], signInNeeded: false });
  });
});

describe('a session', () => {
  const [operator] = OPERATORS;
  const TOKEN = tokenOf(operator!.id);

  it('ends with its time, without use, and with its operator', () => {
    const clock = new SettableClock();
    let operators = OPERATORS;
    const sessions = new ConsoleSessions(() => new OperatorDirectory(operators), clock);
    const hour = 3_600_000;
    const idle = sessions.open(operator!, TOKEN);
    clock.pass(2 * hour + 1);
    expect(sessions.find(idle)).toBeUndefined();
    const busy = sessions.open(operator!, TOKEN);
    for (let i = 0; i < 11; i += 1) {
      clock.pass(hour);
      expect(sessions.find(busy)?.id).toBe(operator!.id);
    }
    clock.pass(hour + 1);
    expect(sessions.find(busy)).toBeUndefined();
    const fired = sessions.open(operator!, TOKEN);
    operators = OPERATORS.slice(1);
    expect(sessions.find(fired)).toBeUndefined();
  });

  it('ends with the token by which it was opened', () => {
    let operators = OPERATORS;
    const clock = new SettableClock();
    const sessions = new ConsoleSessions(() => new OperatorDirectory(operators), clock);
    const secret = sessions.open(operator!, TOKEN);
    expect(sessions.find(secret)?.id).toBe(operator!.id);
    const { tokenDigest } = anOperator('another');
    operators = [{ ...operator!, tokenDigest }, ...OPERATORS.slice(1)];
    expect(sessions.find(secret)).toBeUndefined();
  });

  it('is one of so many of its operator: the one used longest ago goes', () => {
    const sessions = new ConsoleSessions(
      () => new OperatorDirectory(OPERATORS),
      new SettableClock(),
    );
    const other = OPERATORS[1]!;
    const others = sessions.open(other, tokenOf(other.id));
    const first = sessions.open(operator!, TOKEN);
    const second = sessions.open(operator!, TOKEN);
    for (let i = 0; i < 14; i += 1) sessions.open(operator!, TOKEN);
    expect(sessions.find(first)?.id).toBe(operator!.id);
    for (let i = 0; i < 15; i += 1) {
      sessions.open(operator!, TOKEN);
      expect(sessions.find(second)).toBeUndefined();
      expect(sessions.find(first)?.id).toBe(operator!.id);
    }
    expect(sessions.find(others)?.id).toBe(other.id);
  });

  it('is one of so many of all operators', () => {
    const many = Array.from({ length: 1_025 }, (_, i) => anOperator(`operator-${i}`, 'viewer'));
    const directory = new OperatorDirectory(many);
    const sessions = new ConsoleSessions(() => directory, new SettableClock());
    const secrets = many.map(each => sessions.open(each, tokenOf(each.id)));
    expect(sessions.find(secrets[0]!)).toBeUndefined();
    expect(sessions.find(secrets[1]!)?.id).toBe('operator-1');
  });
});
