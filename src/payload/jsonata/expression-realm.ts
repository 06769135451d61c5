/**
 * A realm of JavaScript of its own for expressions: nothing of the gateway is in its reach, and V8
 * breaks off what runs there too long, regular expressions included. Its promises have a queue of
 * their own, so that an evaluation is over when the call returns.
 */
import { executionAsyncId } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants, createContext, Script } from 'node:vm';
import type jsonata from 'jsonata';

/** What goes in and out; the library inside sees neither. */
export interface Job {
  expression: object | undefined;
  /** The payload, as JSON. */
  text: string;
  timeoutMs: number;
  depthMax: number;
  itemsMax: number;
  charsMax: number;
  /** As JSON. */
  result: string | undefined;
  /** A code of the library or of ours. */
  fault: string | undefined;
  /** In the expression, where the fault has one. */
  position: number | undefined;
  /** Found by a probe. */
  isHooked: boolean;
}

interface RealmProgram {
  readonly job: Job;
  compile(text: string): { readonly expression: jsonata.Expression };
  start(): void;
  probe(): void;
}

export interface ExpressionRealm extends Pick<RealmProgram, 'job' | 'compile'> {
  /**
   * Runs the job to its end; throws ERR_SCRIPT_EXECUTION_TIMEOUT after so many milliseconds. Under
   * async hooks (a debugger, some instrumentation) it only runs: Node would abort the process,
   * because what is broken off never leaves its async context (nodejs/node issue 38503).
   */
  runWatched(timeoutMs: number): void;
  /** Runs the job to its end, which the library's own checks of time alone bring about. */
  run(): void;
}

const library = createRequire(import.meta.url).resolve('jsonata');
const realmProgram = new URL('./realm-program.cjs', import.meta.url);

/** Compiled once per thread; a realm takes 3 to 6 ms more. */
let scripts: {
  readonly library: Script;
  readonly program: Script;
  readonly start: Script;
  readonly probe: Script;
};

function compileScripts(): typeof scripts {
  const source = readFileSync(library, 'utf8');
  const wrapped = `(function (module, exports) {${source}\n;return module.exports;})`;
  return {
    library: new Script(wrapped, { filename: 'jsonata.js' }),
    program: new Script(readFileSync(realmProgram, 'utf8'), { filename: 'realm-program.cjs' }),
    start: new Script('start()', { filename: 'start.js' }),
    probe: new Script('probe()', { filename: 'probe.js' }),
  };
}

export function createRealm(): ExpressionRealm {
  scripts ??= compileScripts();
  const context = createContext(constants.DONT_CONTEXTIFY, {
    microtaskMode: 'afterEvaluate',
    codeGeneration: { strings: false, wasm: false },
  });
  const module = { exports: {} };
  context.jsonata = scripts.library.runInContext(context)(module, module.exports);
  context.host = host;
  const program: RealmProgram = scripts.program.runInContext(context);
  context.start = program.start;
  context.probe = program.probe;
  const { start, probe } = scripts;
  return {
    job: program.job,
    compile: program.compile,
    run: () => start.runInContext(context),
    runWatched: timeoutMs => {
      probe.runInContext(context);
      if (program.job.isHooked) start.runInContext(context);
      else start.runInContext(context, { timeout: timeoutMs });
    },
  };
}

/** btoa and atob throw where Buffer would drop bits. */
const host = { toBase64: btoa, fromBase64: atob, asyncId: executionAsyncId };
