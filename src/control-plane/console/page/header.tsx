/** Where one is, whether the figures are fresh, who is signed in, and how the page looks. */

import { useFiringCount } from './alert-watch.tsx';
import { useCell } from './state/cell.ts';
import { useConsole, useLive, useWording } from './state/console-state.ts';
import { VIEWS, type ViewName } from './state/page-address.ts';
import { LANGUAGES, type Language, THEMES, type Theme } from './state/preferences.ts';

export function Header({ view }: { readonly view: ViewName }) {
  const { texts } = useWording();
  const isSignedIn = useCell(useConsole().session).kind !== 'refused';
  return (
    <header class="top">
      <p class="brand">
        <span class="brand-name">{texts.gateway}</span>
        <span class="brand-part">{texts.console}</span>
      </p>
      {isSignedIn && <Views shown={view} />}
      <Firing />
      <div class="top-tools">
        {isSignedIn && <Freshness />}
        <Operator />
        <Choices />
      </div>
    </header>
  );
}

function Views({ shown }: { readonly shown: ViewName }) {
  const { texts } = useWording();
  return (
    <nav aria-label={texts.views.label}>
      {VIEWS.map(name => (
        <a key={name} href={`#/${name}`} aria-current={name === shown ? 'page' : undefined}>
          {texts.views[name]}
        </a>
      ))}
    </nav>
  );
}

/** What fires is seen in every view. */
function Firing() {
  const { texts, figures } = useWording();
  const count = useFiringCount() ?? 0;
  if (count === 0) return null;
  return (
    <a class="badge firing loud" href="#/overview">
      {texts.alerts.firingCount(figures.count(count))}
    </a>
  );
}

function Freshness() {
  const { texts, figures } = useWording();
  const { freshness, version, startedAtMs, frames } = useLive();
  const nowMs = frames.at(-1)?.traffic.toMs;
  const up = startedAtMs !== undefined && nowMs !== undefined && nowMs - startedAtMs;
  return (
    <p class={`freshness ${freshness}`}>
      <span class="dot" aria-hidden="true" />
      <strong>{texts.live[freshness]}</strong>
      {version !== undefined && <span class="build">{texts.version(version)}</span>}
      {freshness === 'fresh' && up !== false && (
        <span class="build">{texts.since(figures.age(up))}</span>
      )}
    </p>
  );
}

function Operator() {
  const state = useConsole();
  const { texts } = useWording();
  const session = useCell(state.session);
  if (session.kind !== 'known') return null;
  if (session.operator === null) {
    return (
      <p class="operator">
        <span>{texts.session.nobody}</span>
        <a href="#/actions">{texts.session.title}</a>
      </p>
    );
  }
  return (
    <p class="operator">
      <span class="as">{texts.session.as}</span>
      <strong title={session.roles.join(', ')}>{session.operator}</strong>
      <button type="button" class="quiet" onClick={() => void state.signOut()}>
        {texts.session.out}
      </button>
    </p>
  );
}

function Choices() {
  const { language, theme } = useConsole().preferences;
  const { texts } = useWording();
  return (
    <div class="choices">
      <label>
        <span class="unseen">{texts.language.label}</span>
        <select
          value={useCell(language)}
          onChange={event => language.set(event.currentTarget.value as Language)}
        >
          {LANGUAGES.map(name => (
            <option key={name} value={name} lang={name === 'zh' ? 'zh-CN' : 'en'}>
              {texts.language[name]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="unseen">{texts.theme.label}</span>
        <select
          value={useCell(theme)}
          onChange={event => theme.set(event.currentTarget.value as Theme)}
        >
          {THEMES.map(name => (
            <option key={name} value={name}>
              {texts.theme[name]}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
