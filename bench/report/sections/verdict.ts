import { CONNECTION_LOST, type LoadResult } from '../../load/load-result.ts';
import { dataTable } from '../drawing/data-table.ts';
import {
  formatCount,
  formatMs,
  formatNumber,
  formatShare,
  formatTick,
  withUnit,
} from '../drawing/format.ts';
import { html, type Markup, NOTHING } from '../drawing/html.ts';
import { hueClass } from '../drawing/legend.ts';
import { errorCount, intendedLatency, PERCENTILES, type Run, shortCommit } from '../run.ts';

/** In the measured time. Below this share of what was asked for, the run did not carry its load. */
const CARRIED_SHARE = 0.99;

/** A run in short: whether it counts, what it reached, what was run, when and where. */
export function verdict(run: Run): Markup {
  const { label, hue } = run;
  const latency = intendedLatency(run);
  const tiles = PERCENTILES.map(
    ({ key, name }) => html`<div><dt>${name}</dt><dd>${formatMs(latency[key])}</dd></div>`,
  );
  const heading = label === '' ? 'Result' : `Run ${label}`;
  return html`<article class="run ${hueClass(hue)}" aria-label="${heading}">
<h3>${heading}</h3>
${voidBanner(run)}
<p class="verdict">${reachedRate(run)} · ${errorsLine(run)} · ${missedLine(run)} ·
${connectionsLine(run)}</p>
${accounting(run)}
<p class="quiet">Latency from the time each request was due to the last byte of its answer; what
timed out or was never sent is in it with the time it had waited, what was refused is not:</p>
<dl class="tiles">${tiles}</dl>
${errorKinds(run)}
<p class="facts">${whatWasRun(run)}</p>
<p class="facts">${howItWasConfigured(run)}</p>
<p class="facts">${whereItRan(run)}</p>
</article>
`;
}

/** A run that the generator limited says nothing about the gateway, however good it looks. */
function voidBanner({ result }: Run): Markup {
  const { limited } = result.generator;
  if (limited.length === 0) return NOTHING;
  return html`<div class="void" role="note"><strong>This run is void.</strong> The generator and not
the gateway was the limit, so no figure below may be published:
<ul>${limited.map(reason => html`<li>${reason}</li>`)}</ul></div>`;
}

function reachedRate({ result }: Run): Markup {
  const { achievedRate, rate, requests, durationSeconds } = result;
  const text = `${formatNumber(achievedRate)}/s answered without error`;
  const asked = `${formatNumber(rate)}/s asked for`;
  const due = `${formatNumber(requests / durationSeconds)}/s fell due`;
  const share = achievedRate / rate;
  const isCarried = share >= CARRIED_SHARE;
  return html`<span class="${isCarried ? 'good' : 'bad'}">${text}</span> of ${asked}
(${formatShare(share)}; ${due})`;
}

function errorsLine({ result }: Run): Markup {
  const count = errorCount(result);
  if (count === 0) return html`<span class="good">no errors</span>`;
  const share = formatShare(count / result.requests);
  return html`<span class="bad">${formatCount(count, 'error')}</span> (${share} of requests)`;
}

function missedLine({ result }: Run): Markup {
  const { missedSends, noIdleConnection } = result;
  const late = `${formatNumber(noIdleConnection)} sent late because no connection was idle`;
  if (missedSends === 0) return html`<span class="good">no missed sends</span>, ${late}`;
  return html`<span class="bad">${formatCount(missedSends, 'missed send')}</span>, ${late}`;
}

function connectionsLine({ result }: Run): Markup {
  const { connections, connectionsOpenMin, connectionsLost } = result;
  const open = `never fewer than ${formatNumber(connectionsOpenMin)} of
${formatCount(connections, 'connection')} open`;
  const lost = Object.entries(connectionsLost);
  if (lost.length === 0) return html`<span class="good">no connection lost</span>, ${open}`;
  const kinds = lost.map(([kind, count]) => `${kind} ${formatNumber(count)}`).join(', ');
  return html`<span class="bad">connections lost: ${kinds}</span>, ${open}`;
}

/** Every request that was due is answered, an error or missed; else a count is wrong. */
function accounting({ result }: Run): Markup {
  const { requests, answered, missedSends } = result;
  // A lost connection is an error that belongs to no request.
  const errors = errorCount(result) - (result.errors[CONNECTION_LOST] ?? 0);
  const sum = answered + errors + missedSends;
  if (sum === requests) return NOTHING;
  const parts = [answered, errors, missedSends].map(formatNumber).join(' + ');
  return html`<p class="bad">The counts do not add up: answered, errors and missed sends are
${parts} = ${formatNumber(sum)}, but ${formatNumber(requests)} requests were due.</p>`;
}

function errorKinds({ result, letter }: Run): Markup {
  const kinds = Object.entries(result.errors).filter(([, count]) => count > 0);
  if (kinds.length === 0) return NOTHING;
  return dataTable({
    caption: `Errors by kind${letter === '' ? '' : `, run ${letter}`}`,
    head: ['kind', 'count', 'of all requests'],
    rows: kinds
      .sort(([, first], [, second]) => second - first)
      .map(([kind, count]) => [kind, formatNumber(count), formatShare(count / result.requests)]),
  });
}

function whatWasRun({ result }: Run): string {
  const { connections, rate, method, bodyBytes, durationSeconds, warmUpSeconds } = result;
  return [
    `${formatCount(connections, 'connection')} at ${formatNumber(rate)}/s`,
    bodyBytes > 0 ? `${method} with a body of ${formatCount(bodyBytes, 'byte')}` : method,
    signatureText(result),
    `${formatNumber(durationSeconds)} s after ${formatNumber(warmUpSeconds)} s of warm-up`,
    formatCount(result.generators, 'generator'),
    `gateway of ${formatCount(result.fronts, 'front')}`,
    `${formatCount(result.workers, 'worker')} per front`,
    `seed ${result.seed}`,
  ].join(' · ');
}

function signatureText({ scheme, transport = 'http', signsMessages = false }: LoadResult): string {
  if (scheme === 'none') return 'unsigned';
  if (transport === 'http') return `signed with ${scheme}`;
  const what = signsMessages ? 'handshakes and messages' : 'handshakes alone';
  return `${transport}, ${what} signed with ${scheme}`;
}

function howItWasConfigured({ result }: Run): string {
  const options = Object.entries(result.configuration);
  if (options.length === 0) return 'gateway configured by its defaults';
  const texts = options.map(([option, value]) => `${option}: ${value}`);
  return `not the gateway’s defaults: ${texts.join(' · ')}`;
}

function whereItRan({ result }: Run): string {
  const { environment, commit, startedAt } = result;
  return [
    `${startedAt}`,
    `commit ${shortCommit(commit)}`,
    `${environment.cpu}, ${formatCount(environment.cores, 'core')}`,
    withUnit(environment.memoryMb, 'MB'),
    environment.os,
    `kernel ${environment.kernel}`,
    `Node ${environment.node}`,
    `load average ${formatTick(environment.loadAverage)} when it began`,
  ].join(' · ');
}
