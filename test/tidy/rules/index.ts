/** Every rule of the house that a program can check. */
import type { Rule } from '../source-tree.ts';
import { finishedWork, honestTests, roomOpening } from './comment-rules.ts';
import { importCycles, importDirections, libraryDoors } from './import-rules.ts';
import { kebabCase, tellingNames } from './naming-rules.ts';
import { pageLinks, twinPages } from './page-rules.ts';
import { fileLength, functionLength, lineLength } from './size-rules.ts';

export const RULES: readonly Rule[] = [
  lineLength,
  functionLength,
  fileLength,
  kebabCase,
  tellingNames,
  importDirections,
  importCycles,
  libraryDoors,
  roomOpening,
  finishedWork,
  honestTests,
  pageLinks,
  twinPages,
];
