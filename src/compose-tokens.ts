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

/** Reads the keys of every issuer; one of the network that cannot be had is asked again. */
export async function openTokenKeys({ config, log, fronts }: TokenParts): Promise<TokenKeys> {
  const throttle = new LogThrottle();
  const keys = new TokenKeys({
    config: config.tokens,
    give: issuers => fronts()?.giveIssuers(issuers),
    reportFailure: (issuer, reason) => {
      const message = 'The keys of an issuer cannot be read; those before stay.';
      const suppressed = throttle.admit(`${message} ${issuer}`, performance.now());
      if (suppressed !== undefined) log.warn({ issuer, reason, suppressed }, message);
    },
  });
  await keys.open();
  return keys;
}
