/** What bench:idle prints. */
import { type IdleLevel, marginalBytes } from './measure-idle.ts';

const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;

export function levelSummary(level: IdleLevel): string {
  const { transport, connections, used, connectionsHeld } = level;
  const lost = connections - connectionsHeld;
  return [
    `${transport}, ${connections} connections${used ? ', each after a call' : ''}`,
    `  counted by the gateway ${level.connectionsCounted}`,
    ...(lost > 0 ? [`  closed meanwhile       ${lost}`] : []),
    `  resident before        ${megabytes(level.rssBeforeBytes)}`,
    `  resident after         ${megabytes(level.rssAfterBytes)}`,
    `  of it private          ${megabytes(level.privateAfterBytes)}`,
    `  bytes per connection   ${level.bytesPerConnection.toFixed(0)}`,
    `  a signed call          ${level.callStatus} in ${level.callMs.toFixed(1)} ms`,
    '',
  ].join('\n');
}

/** A line for each transport with at least two levels. */
export function marginalSummary(levels: readonly IdleLevel[]): string {
  return [...new Set(levels.map(({ transport }) => transport))]
    .map(transport => levels.filter(level => level.transport === transport))
    .filter(own => own.length > 1)
    .map(own => {
      const bytes = marginalBytes(own).toFixed(0);
      return `${own[0]!.transport}: ${bytes} bytes for each further connection\n`;
    })
    .join('');
}
