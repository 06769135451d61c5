/** What a person has chosen for this browser: kept in it, sent nowhere. */
import { Cell } from './cell.ts';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const LANGUAGE_KEY = 'xingyun.language';
const THEME_KEY = 'xingyun.theme';

export class Preferences {
  readonly language: Cell<Language>;
  readonly theme: Cell<Theme>;
  /** Counts changes of the colours that are seen, for what is drawn on a canvas. */
  readonly colours = new Cell(0);

  constructor() {
    this.language = new Cell(kept(LANGUAGE_KEY, LANGUAGES) ?? ofBrowser());
    this.theme = new Cell(kept(THEME_KEY, THEMES) ?? 'system');
    this.language.watch(language => {
      keep(LANGUAGE_KEY, language);
      this.apply();
    });
    this.theme.watch(theme => {
      keep(THEME_KEY, theme);
      this.apply();
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.apply());
    this.apply();
  }

  private apply(): void {
    const { documentElement: root } = document;
    root.lang = this.language.value === 'zh' ? 'zh-CN' : 'en';
    root.dataset.theme = this.theme.value;
    this.colours.set(this.colours.value + 1);
  }
}

function ofBrowser(): Language {
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

function kept<T extends string>(key: string, allowed: readonly T[]): T | undefined {
  try {
    const value = localStorage.getItem(key);
    return allowed.find(one => one === value);
  } catch {
    // The browser keeps nothing for pages: then each visit starts with the defaults.
    return undefined;
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above: the choice holds until the page is closed.
  }
}
