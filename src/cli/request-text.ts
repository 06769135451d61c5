/** Shows an exchange to a person: who, what, what came of it, and a bar of where the time went. */
import { STAGES, type Stage } from '../core/stages.ts';
import type { RequestRecord, RequestsAnswer } from '../telemetry/request-record.ts';

const BAR_CELLS = 60;
const ELSEWHERE = '.';
/** Where a stage is in the bar; `total` is the whole of it. */
const LETTERS: Readonly<Record<Exclude<Stage, 'total'>, string>> = {
  body: 'b',
  verify_wait: 'q',
  verify: 'v',
  policy: 'p',
  transform: 't',
  upstream_wait: 'w',
  upstream: 'u',
  respond: 'r',
};

/** A blank line between exchanges, and how far back the gateway remembers. */
export function requestsText({ items, memory }: RequestsAnswer): string {
  if (memory.maxBytes === 0) {
    return 'The gateway keeps no requests: telemetry.recentRequestsMaxBytes is 0.\n';
  }
  const since = new Date(memory.sinceMs).toISOString();
  if (items.length === 0) return `nothing found among the requests since ${since}\n`;
  return `${items.map(requestText).join('\n')}\nkept since ${since}\n`;
}

/** Some lines, each ended. */
export function requestText(record: RequestRecord): string {
  const { endedAtMs, method, path, pathCut, status, stageMs, requestId, traceId } = record;
  const ended = new Date(endedAtMs).toISOString();
  const answer = status === 0 ? 'no answer' : `${status}`;
  const cut = pathCut ? '...' : '';
  const total = milliseconds(stageMs.total ?? 0);
  return [
    `${ended}  ${answer}  ${total}  ${shown(method)} ${shown(path)}${cut}`,
    `  request ${shown(requestId)}${traceId === undefined ? '' : `, trace ${shown(traceId)}`}`,
    `  ${callerText(record)}`,
    ...detail(termsText(record)),
    ...detail(upstreamText(record)),
    ...detail(outcomeText(record)),
    ...barLines(record),
  ]
    .map(line => `${line}\n`)
    .join('');
}

function callerText({ app, partner, key, scheme, source, session, front }: RequestRecord): string {
  const who =
    app === undefined
      ? 'nobody known'
      : `app ${shown(app)} of ${shown(partner ?? '')}, key ${shown(key ?? '')} (${scheme})`;
  const where = session === undefined ? '' : `, session ${shown(session)}`;
  return `${who}, from ${shown(source)}${where}, front ${front}`;
}

function termsText({ operation, plan }: RequestRecord): string {
  if (operation === undefined) return '';
  return `operation ${shown(operation)}${plan === undefined ? '' : `, plan ${shown(plan)}`}`;
}

function upstreamText({ upstream, target, attempts, replayed }: RequestRecord): string {
  if (replayed) return 'answered with the kept answer of an earlier call';
  if (upstream === undefined || target === undefined) return '';
  const sent = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  return `upstream ${shown(upstream)} at ${shown(target)}, ${sent}`;
}

function outcomeText({ problem, step, aborted, ...record }: RequestRecord): string {
  const at = step === undefined ? '' : ` at ${step}`;
  const what = [
    ...(problem === undefined ? [] : [`problem ${problem}${at}`]),
    ...(aborted ? [`the caller left${problem === undefined ? at : ''}`] : []),
    `${record.requestBytes} bytes in, ${record.responseBytes} out`,
  ];
  return what.join(', ');
}

/** The bar is as long for each: it shows shares. */
function barLines({ stageMs }: RequestRecord): string[] {
  const parts = STAGES.flatMap(stage => {
    const ms = stageMs[stage];
    if (stage === 'total' || ms === undefined) return [];
    return [{ letter: LETTERS[stage], name: stage as string, ms }];
  });
  const known = parts.reduce((sum, { ms }) => sum + ms, 0);
  const elsewhereMs = (stageMs.total ?? 0) - known;
  // Rounding of each stage leaves some microseconds.
  if (elsewhereMs > 0.005) parts.push({ letter: ELSEWHERE, name: 'elsewhere', ms: elsewhereMs });
  const wholeMs = parts.reduce((sum, { ms }) => sum + ms, 0);
  if (wholeMs === 0) return [];
  let passedMs = 0;
  let bar = '';
  for (const { letter, ms } of parts) {
    passedMs += ms;
    bar += letter.repeat(Math.round((passedMs / wholeMs) * BAR_CELLS) - bar.length);
  }
  const legend = parts.map(({ letter, name, ms }) => `${letter} ${name} ${milliseconds(ms)}`);
  return [`  |${bar}|`, `  ${legend.join(', ')}`];
}

function detail(text: string): string[] {
  return text === '' ? [] : [`  ${text}`];
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(3)} ms`;
}

/** Callers choose ids and paths: what would steer the terminal is not written to it. */
export function shown(text: string): string {
  return text.replace(/\p{C}/gu, '?');
}
