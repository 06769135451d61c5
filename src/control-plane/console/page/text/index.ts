/** The console speaks two languages; the types see to it that neither lacks a text. */
import type { Language } from '../state/preferences.ts';
import { en, type Texts } from './en.ts';
import { zh } from './zh.ts';

export type { Texts } from './en.ts';

export const TEXTS: Readonly<Record<Language, Texts>> = { en, zh };
