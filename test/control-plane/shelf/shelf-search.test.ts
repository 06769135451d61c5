import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SearchIndex } from '../../../src/control-plane/shelf/search/search-index.ts';
import { ShelfSearch } from '../../../src/control-plane/shelf/search/shelf-search.ts';
import { indexTokens } from '../../../src/control-plane/shelf/search/tokens.ts';
import { openRegistry, UPSTREAM } from './shelf-fixture.ts';

describe('words', () => {
  it.each([
    ['listAccounts', ['listaccounts', 'list', 'accounts']],
    ['/accounts/{accountId}', ['accounts', 'accountid', 'account', 'id']],
    ['星云 API', ['星云', '云', 'api']],
    ['ISO20022', ['iso20022']],
    ['–', []],
  ])('of %s', (text, tokens) => {
    expect([...indexTokens(text)].sort()).toEqual([...tokens].sort());
  });
});

describe('the index', () => {
  const index = new SearchIndex();
  const api = { kind: 'api', id: 'accounts', name: 'Accounts of customers', path: '/a' } as const;
  const list = { kind: 'operation', id: 'accounts.list', name: 'list', api: 'accounts' } as const;
  index.add({ kind: 'product', id: 'retail', name: 'Retail', description: 'With accounts.' });
  index.add(api);
  index.add({ ...list, summary: 'Lists balances' });
  index.add({ kind: 'operation', id: 'pay.list', name: 'list', api: 'pay', summary: '账户列表' });
  const ids = (question: string, limit = 10) =>
    index.search(question, limit).entries.map(({ id }) => id);

  it('ranks ids before names, summaries and descriptions', () => {
    expect(ids('accounts')).toEqual(['accounts', 'accounts.list', 'retail']);
    expect(ids('accounts.list')[0]).toBe('accounts.list');
    expect(ids('ACCOUNTS.LIST')[0]).toBe('accounts.list');
  });

  it('goes by the beginnings of words, all of those that are asked for', () => {
    expect(ids('acc')).toEqual(['accounts', 'accounts.list', 'retail']);
    expect(ids('acc bal')).toEqual(['accounts.list']);
    expect(ids('ccounts')).toEqual([]);
    expect(ids('list pay')).toEqual(['pay.list']);
    expect(ids('列表')).toEqual(['pay.list']);
    expect(ids('账户')).toEqual(['pay.list']);
  });

  it('says how many match where it shows fewer', () => {
    const { entries, total } = index.search('list', 1);
    expect([entries.length, total]).toEqual([1, 2]);
  });

  it('forgets what is taken out, and knows when it is worn', () => {
    const own = new SearchIndex();
    const numbers = Array.from({ length: 2_100 }, (_, i) => own.add({ ...api, id: `a${i}` }));
    expect(own.search('customers', 5).total).toBe(2_100);
    for (const number of numbers) own.remove(number);
    expect(own.search('customers', 5).total).toBe(0);
    expect(own.isWorn).toBe(true);
  });
});

describe('the search over a large registry', () => {
  const APIS = 7_100;
  const WORDS = ['account', 'balance', 'transfer', 'invoice', 'consent', 'card', 'rate', 'payee'];
  const word = (n: number) => WORDS[n % WORDS.length]!;

  /** 4 or 5 operations each, 30,000 in all. */
  const apis = Array.from({ length: APIS }, (_, i) => ({
    id: `${word(i)}-${i}`,
    name: `${word(i)} service ${i}`,
    description: `Serves every ${word(i + 1)} and ${word(i + 2)} of customers in region ${i % 40}.`,
    basePath: `/${word(i)}/${i}`,
    upstream: 'core',
    operations: Array.from({ length: i < 1_600 ? 5 : 4 }, (_, j) => ({
      id: `list-${word(i + j)}-${j}`,
      summary: `Lists each ${word(i + j)} of one customer, newest first`,
      method: 'GET',
      path: `/${word(i + j)}/{id}/${j}`,
    })),
  }));

  it('answers within 20 ms once it has seen the records, whatever is asked', async () => {
    const registry = await openRegistry({ upstreams: [UPSTREAM], apis });
    const search = new ShelfSearch(registry);
    const first = await search.search('transfer-2', 20);
    expect(first.entries[0]?.id).toBe('transfer-2');

    const questions = [
      'a',
      'l',
      'list transfer',
      'region 7',
      'account-4000',
      'cust new',
      'zzz',
      'c',
    ];
    const tookMs = questions.map(question => {
      const all = Array.from({ length: 5 }, () => {
        const startedMs = performance.now();
        void search.search(question, 20);
        return performance.now() - startedMs;
      });
      // What it costs, without what else the machine does.
      return Math.min(...all);
    });
    expect(Math.max(...tookMs)).toBeLessThan(20);

    const renamed = { ...apis[5]!, name: 'Rhinoceros' };
    const changed = await registry.change({
      actor: 'operator:ann',
      action: 'api.change',
      reason: '',
      changes: [{ kind: 'api', id: renamed.id, body: renamed }],
    });
    expect(changed).not.toHaveProperty('refusals');
    expect((await search.search('rhino', 5)).entries.map(({ id }) => id)).toEqual([renamed.id]);
    await registry.close();
  }, 60_000);

  it('lets other work through while it takes one API of a thousand operations', async () => {
    const operations = Array.from({ length: 1_000 }, (_, i) => ({
      id: `list-${i}`,
      summary: `Lists each account of region ${i}`,
      method: 'GET',
      path: `/accounts/${i}`,
    }));
    const large = { ...apis[0]!, operations };
    const registry = await openRegistry({ upstreams: [UPSTREAM], apis: [large] });
    let turns = 0;
    let isOver = false;
    const others = (async () => {
      for (; !isOver; turns++) await setImmediate();
    })();
    const found = await new ShelfSearch(registry).search('region', 5);
    isOver = true;
    await others;
    expect(found.total).toBe(1_001);
    expect(turns).toBeGreaterThanOrEqual(8);
    await registry.close();
  });
});
