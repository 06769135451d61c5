/** The frame around every view. */
import type { ComponentChildren } from 'preact';
import { useEffect, useErrorBoundary, useRef } from 'preact/hooks';
import { AlertWatch, useFiringCount } from './alert-watch.tsx';
import { Header } from './header.tsx';
import { StaleNotice, VersionNotice } from './stale-notice.tsx';
import { useCell } from './state/cell.ts';
import { operatorOf, useConsole, useWording } from './state/console-state.ts';
import { usePageAddress, type ViewName } from './state/page-address.ts';
import { ActionsView } from './views/actions/actions-view.tsx';
import { AdviceView } from './views/advice/advice-view.tsx';
import { LatencyView } from './views/latency-view.tsx';
import { OverviewView } from './views/overview-view.tsx';
import { SearchView } from './views/search-view.tsx';
import { SignInView } from './views/sign-in-view.tsx';
import { ThreadsView } from './views/threads-view.tsx';

const SHOWN: Readonly<Record<ViewName, (props: { rest: string }) => preact.JSX.Element>> = {
  overview: OverviewView,
  latency: LatencyView,
  threads: ThreadsView,
  actions: ActionsView,
  advice: AdviceView,
  search: SearchView,
};

export function App() {
  const { session, announcement } = useConsole();
  const { texts } = useWording();
  const { view, rest } = usePageAddress();
  const known = useCell(session);
  const operator = operatorOf(known);
  const { kind } = known;
  const heading = useFocusOnChange(`${view} ${kind} ${operator}`, kind === 'unknown');
  const title = kind === 'refused' ? texts.session.title : texts.views[view];
  useTitle(title);
  useSpokenEnd();
  const View = SHOWN[view];
  return (
    <>
      <button type="button" class="skip" onClick={() => heading.current?.focus()}>
        {texts.skip}
      </button>
      <Header view={view} />
      <main id="main">
        <h1 ref={heading} tabIndex={-1} class="view-title">
          {title}
        </h1>
        {operator !== null && <AlertWatch key={operator} />}
        {kind === 'known' && <StaleNotice />}
        {kind === 'known' && <VersionNotice />}
        {kind === 'known' && (
          <Guarded key={`${view} ${operator}`}>
            <View rest={rest} />
          </Guarded>
        )}
        {kind === 'refused' && <SignInView />}
        {kind === 'unknown' && <p class="hint">{texts.live.connecting}</p>}
      </main>
      <p class="unseen" role="status">
        {useCell(announcement)}
      </p>
    </>
  );
}

/** A view that fails leaves the others, and says so. */
function Guarded({ children }: { readonly children: ComponentChildren }) {
  const { texts } = useWording();
  const [error, retry] = useErrorBoundary(reportError);
  if (error === undefined) return <>{children}</>;
  return (
    <div class="notice alarm" role="alert">
      <p>{texts.problem.broken}</p>
      <button type="button" onClick={retry}>
        {texts.problem.again}
      </button>
    </div>
  );
}

/** With how many alerts fire: a tab that nobody looks at tells it as well. */
function useTitle(title: string): void {
  const { texts } = useWording();
  const firing = useFiringCount() ?? 0;
  useEffect(() => {
    document.title = `${firing > 0 ? `(${firing}) ` : ''}${title} · ${texts.gateway}`;
  }, [title, texts, firing]);
}

function useSpokenEnd(): void {
  const state = useConsole();
  const { texts } = useWording();
  const isOver = useCell(state.isSessionOver);
  useEffect(() => {
    if (isOver) state.say(texts.session.over);
  }, [isOver, state, texts]);
}

/**
 * Another view is another page, and so is what is shown to somebody else: who uses a keyboard
 * starts at its heading.
 */
function useFocusOnChange(page: string, isFirst: boolean) {
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef<string>(undefined);
  useEffect(() => {
    if (isFirst) return;
    if (shown.current !== undefined && shown.current !== page) heading.current?.focus();
    shown.current = page;
  }, [page, isFirst]);
  return heading;
}
