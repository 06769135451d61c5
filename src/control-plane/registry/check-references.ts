/** Every id is there once, and whatever is named exists. */
import type { ProblemList } from '../config/config-error.ts';
import type { YamlSource } from '../config/yaml-source.ts';
import type { Registry } from './schema.ts';

type ListWithIds =
  | 'partners'
  | 'apps'
  | 'keys'
  | 'products'
  | 'plans'
  | 'apis'
  | 'upstreams'
  | 'topics';

/** Adds a problem for each duplicate id, dangling reference and repeated subscription. */
export function checkReferences(
  registry: Registry,
  source: YamlSource,
  problems: ProblemList,
): void {
  const collect = (list: ListWithIds): Set<string> => {
    const firsts = new Map<string, number>();
    for (const [index, { id }] of registry[list].entries()) {
      const first = firsts.get(id);
      if (first === undefined) firsts.set(id, index);
      else {
        const line = source.lineOf([list, first, 'id']);
        problems.add(source.problem([list, index, 'id'], `${id} is taken by line ${line}`));
      }
    }
    return new Set(firsts.keys());
  };
  const refer = (known: Set<string>, id: string, what: string, ...at: (string | number)[]) => {
    if (!known.has(id)) problems.add(source.problem(at, `names ${what} ${id}, which is not there`));
  };
  const partners = collect('partners');
  const apps = collect('apps');
  const products = collect('products');
  const plans = collect('plans');
  const apis = collect('apis');
  const upstreams = collect('upstreams');
  collect('keys');
  collect('topics');
  for (const [i, app] of registry.apps.entries()) {
    refer(partners, app.partner, 'the partner', 'apps', i, 'partner');
  }
  for (const [i, key] of registry.keys.entries()) refer(apps, key.app, 'the app', 'keys', i, 'app');
  for (const [i, api] of registry.apis.entries()) {
    refer(upstreams, api.upstream, 'the upstream', 'apis', i, 'upstream');
  }
  for (const [i, topic] of registry.topics.entries()) {
    refer(apis, topic.api, 'the API', 'topics', i, 'api');
  }
  for (const [i, product] of registry.products.entries()) {
    for (const [j, id] of product.apis.entries()) {
      refer(apis, id, 'the API', 'products', i, 'apis', j);
    }
  }
  for (const [i, { app, product, plan }] of registry.subscriptions.entries()) {
    refer(apps, app, 'the app', 'subscriptions', i, 'app');
    refer(products, product, 'the product', 'subscriptions', i, 'product');
    refer(plans, plan, 'the plan', 'subscriptions', i, 'plan');
  }
  checkSubscriptionsOnce(registry, source, problems);
}

function checkSubscriptionsOnce(
  registry: Registry,
  source: YamlSource,
  problems: ProblemList,
): void {
  const firsts = new Map<string, number>();
  for (const [index, { app, product }] of registry.subscriptions.entries()) {
    const pair = `${app} ${product}`;
    const first = firsts.get(pair);
    if (first === undefined) {
      firsts.set(pair, index);
      continue;
    }
    const line = source.lineOf(['subscriptions', first]);
    const message = `subscribes ${app} to ${product} again, after line ${line}`;
    problems.add(source.problem(['subscriptions', index], message));
  }
}
