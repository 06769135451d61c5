/** The issuers of access tokens, between the main thread that reads their keys and the fronts. */
import { TokenKeys } from './control-plane/tokens/index.ts';
import type { Config } from './core/config.ts';
import { LogThrottle } from './core/log-throttle.ts';
import type { FrontThreads } from './runtime/front-threads.ts';
import type { ProcessLog } from './telemetry/process-log.ts';

interface TokenParts {
  readonly config: Config;
  readonly log: ProcessLog;
  readonly fronts: () => FrontThreads | undefined;
}

/** Begins to read the keys of every issuer; the start waits for none of the network. */
export function openTokenKeys({ config, log, fronts }: TokenParts): TokenKeys {
  const throttle = new LogThrottle();
  const keys = new TokenKeys({
    config: config.tokens,
    give: issuers => fronts()?.giveIssuers(issuers),
    reportFailure: (issuer, reason) => {
      const message = 'The keys of an issuer cannot be read.';
      const suppressed = throttle.admit(`${message} ${issuer}`, performance.now());
      if (suppressed !== undefined) log.warn({ issuer, reason, suppressed }, message);
    },
  });
  keys.open();
  return keys;
}
