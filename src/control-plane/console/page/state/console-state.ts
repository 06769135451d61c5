/** What all views share, made once for the page. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { CurvePoint } from '../../../../telemetry/live-frame.ts';
import { ApiClient, ApiRefusal } from '../api/api-client.ts';
import type { Alert, Session } from '../api/shapes.ts';
import { Figures } from '../figures.ts';
import { LiveConnection, type LiveState } from '../live/live-connection.ts';
import type { Span } from '../live/span.ts';
import { LIVE_SPAN } from '../live/span.ts';
import { TEXTS, type Texts } from '../text/index.ts';
import { Cell, useCell } from './cell.ts';
import type { MadeChange } from './made-change.ts';
import { Preferences } from './preferences.ts';

/** What is known of the alerts; nothing where nobody could ask. */
interface KnownAlerts {
  readonly alerts?: readonly Alert[] | undefined;
  readonly refusal?: ApiRefusal | undefined;
}

/** A percentile curve that is kept to be compared, from view to view. */
export interface FrozenCurve {
  readonly name: string;
  readonly points: readonly CurvePoint[];
  /** Exchanges in it. */
  readonly count: number;
}

/** `unknown` until the listener has answered; `refused` where signing in is the next step. */
export type SessionState =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused' }
  | ({ readonly kind: 'known' } & Session);

const SESSION_PATH = '/v1/console/session';

export class ConsoleState {
  readonly preferences = new Preferences();
  readonly session = new Cell<SessionState>({ kind: 'unknown' });
  /** Whether somebody was signed in who is not any more, without having asked for it. */
  readonly isSessionOver = new Cell(false);
  /** Read out by screen readers: states that changed, never figures. */
  readonly announcement = new Cell('');
  readonly span = new Cell<Span>(LIVE_SPAN);
  readonly changes = new Cell<readonly MadeChange[]>([]);
  readonly alerts = new Cell<KnownAlerts>({});
  readonly frozen = new Cell<FrozenCurve | undefined>(undefined);
  /** Somewhere one must be signed in: the listener says whether one still is. */
  readonly api = new ApiClient(path => {
    if (path !== SESSION_PATH) void this.readSession();
  });
  readonly live: LiveConnection;
  /** Counts sign-ins and sign-outs: what was asked before one says nothing after it. */
  private turns = 0;

  constructor() {
    const url = new URL('/v1/live', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    // A WebSocket that is refused does not say why: the session does.
    this.live = new LiveConnection(url.href, () => void this.readSession());
    this.session.watch(({ kind }) => {
      if (kind === 'known') this.live.start();
      if (kind === 'refused') this.live.stop();
    });
  }

  async readSession(): Promise<void> {
    const { turns } = this;
    try {
      const session = await this.api.get<Session>(SESSION_PATH);
      if (turns === this.turns) this.know(session);
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
      if (turns !== this.turns) return;
      if (error.status === 401) this.become({ kind: 'refused' });
      // A listener that cannot be reached says nothing about the session; the page shows its age.
      else if (this.session.value.kind === 'unknown') {
        setTimeout(() => void this.readSession(), SESSION_RETRY_MS);
      }
    }
  }

  /** Reads out; what was said before is said again. */
  say(text: string): void {
    this.announcement.set(text === this.announcement.value ? `${text}\u00a0` : text);
  }

  /** @throws ApiRefusal */
  async signIn(token: string): Promise<void> {
    const session = await this.api.send<Session>('POST', SESSION_PATH, { token });
    this.turns++;
    this.know(session);
  }

  async signOut(): Promise<void> {
    try {
      await this.api.send('DELETE', SESSION_PATH);
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
    }
    this.turns++;
    // Whether it worked or not, the listener says who is signed in.
    await this.readSession();
    this.isSessionOver.set(false);
  }

  private know({ operator, roles, signInNeeded }: Session): void {
    const known = { kind: 'known', operator, roles, signInNeeded } as const;
    const isSame = JSON.stringify(known) === JSON.stringify(this.session.value);
    if (!isSame) this.become(known);
  }

  private become(next: SessionState): void {
    const isOver = operatorOf(this.session.value) !== null && operatorOf(next) === null;
    if (isOver || operatorOf(next) !== null) this.isSessionOver.set(isOver);
    this.session.set(next);
  }
}

export function operatorOf(session: SessionState): string | null {
  return session.kind === 'known' ? session.operator : null;
}

const SESSION_RETRY_MS = 3_000;

const Context = createContext<ConsoleState | undefined>(undefined);
export const ConsoleProvider = Context.Provider;

export function useConsole(): ConsoleState {
  const state = useContext(Context);
  if (state === undefined) throw new Error('a view outside the console');
  return state;
}

export interface Wording {
  readonly texts: Texts;
  readonly figures: Figures;
}

const WORDING = {
  en: { texts: TEXTS.en, figures: new Figures('en', TEXTS.en) },
  zh: { texts: TEXTS.zh, figures: new Figures('zh-CN', TEXTS.zh) },
} as const;

/** Texts, and figures with their units, in the chosen language. */
export function useWording(): Wording {
  return WORDING[useCell(useConsole().preferences.language)];
}

export function useLive(): LiveState {
  return useCell(useConsole().live.state);
}

/** Whether somebody is signed in who may do what asks for one of the roles. */
export function useMayAct(...roles: readonly string[]): boolean {
  const session = useCell(useConsole().session);
  if (session.kind !== 'known' || session.operator === null) return false;
  return session.roles.some(role => role === 'operator' || roles.includes(role));
}
