/** The frame around every view. */
import { useEffect, useRef } from 'preact/hooks';
import { Header } from './header.tsx';
import { StaleNotice } from './stale-notice.tsx';
import { useCell } from './state/cell.ts';
import { useConsole, useWording } from './state/console-state.ts';
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
  const { kind } = known;
  const heading = useFocusOnChange(view);
  const title = kind === 'refused' ? texts.session.title : texts.views[view];
  useEffect(() => {
    document.title = `${title} · ${texts.gateway}`;
  }, [title, texts]);
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
        {kind === 'known' && <StaleNotice />}
        {known.kind === 'known' && <View key={known.operator ?? ''} rest={rest} />}
        {kind === 'refused' && <SignInView />}
        {kind === 'unknown' && <p class="hint">{texts.live.connecting}</p>}
      </main>
      <p class="unseen" role="status">
        {useCell(announcement)}
      </p>
    </>
  );
}

/** Another view is another page: who uses a keyboard starts at its heading. */
function useFocusOnChange(view: ViewName) {
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(view);
  useEffect(() => {
    if (shown.current !== view) heading.current?.focus();
    shown.current = view;
  }, [view]);
  return heading;
}
