/** `xingyun certify`: an app's side of a certification run, and with a token the bank's as well. */
import { type Command, Option } from 'commander';
import type { RunReport } from '../../control-plane/certification/report.ts';
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../../core/snapshot.ts';
import { type AdminOptions, addAdminOptions } from '../admin-client.ts';
import { PartnerApp } from '../certify/partner-app.ts';
import { runSteps, type StepOutcome } from '../certify/run-steps.ts';
import { readSuite } from '../certify/suite.ts';
import { fetchVerdict, openRun } from '../certify/verdict.ts';
import {
  addSettingsOptions,
  readClientSettings,
  type SettingsOptions,
} from '../client-settings.ts';
import { EXIT_FAILED, UsageError } from '../failures.ts';
import { write, writeJson } from '../output.ts';
import { withProgress } from '../progress.ts';

interface CertifyOptions extends SettingsOptions, AdminOptions {
  readonly run?: string;
  readonly app?: string;
  readonly suite: string;
  readonly secondClientFile?: string;
  readonly secondKey?: string;
  readonly secondKeyId?: string;
  readonly secondAlgorithm?: SignatureAlgorithm;
  readonly json?: true;
}

const RUN_ID = /^cert-[0-9a-f]{8,64}$/;

/** The settings of the second key, of which the base URL is the first one's. */
function readSecond(options: CertifyOptions, baseUrl: string) {
  const { secondClientFile, secondKey, secondKeyId, secondAlgorithm } = options;
  const given = [secondClientFile, secondKey, secondKeyId, secondAlgorithm];
  if (given.every(option => option === undefined)) return undefined;
  if (secondClientFile === undefined && given.slice(1).includes(undefined)) {
    throw new UsageError(
      'Name the second key whole: --second-key, --second-key-id and --second-algorithm.',
    );
  }
  return readClientSettings({
    clientFile: secondClientFile ?? options.clientFile,
    baseUrl,
    ...(secondKey === undefined ? {} : { key: secondKey }),
    ...(secondKeyId === undefined ? {} : { keyId: secondKeyId }),
    ...(secondAlgorithm === undefined ? {} : { algorithm: secondAlgorithm }),
  });
}

/** Whether the bank's side was asked for: opening needs it, a verdict may come with it. */
function asksBank({ run, admin, tokenFile }: CertifyOptions): boolean {
  return run === undefined || admin !== undefined || tokenFile !== undefined;
}

async function findRun(options: CertifyOptions): Promise<string> {
  const { run, app } = options;
  if (run !== undefined) {
    if (!RUN_ID.test(run)) throw new UsageError(`--run takes the id of a run, not "${run}".`);
    return run;
  }
  if (app === undefined) {
    throw new UsageError('Give --run with the bank’s run, or --app to open one (--admin).');
  }
  return (await withProgress('Opening the run', openRun(options, app))).id;
}

async function certify(options: CertifyOptions): Promise<void> {
  const suite = readSuite(options.suite);
  const settings = readClientSettings(options);
  const second = readSecond(options, settings.baseUrl);
  const runId = await findRun(options);
  const app = new PartnerApp(runId, settings);
  const rotated = second && app.withKey(second);
  if (!options.json) await write(`Run ${runId}\n`);
  const outcomes: StepOutcome[] = [];
  const steps = runSteps({ suite, app, rotated });
  for (;;) {
    const { value } = await withProgress('The next step is under way', steps.next());
    if (value === undefined) break;
    outcomes.push(value);
    if (!options.json) await write(lineOf(value));
  }
  const isWhole = outcomes.every(({ isAsExpected }) => isAsExpected);
  const report = asksBank(options)
    ? await withProgress('The verdict is awaited', fetchVerdict(options, runId, isWhole))
    : undefined;
  const isPassed = report === undefined ? isWhole : report.state === 'passed';
  if (!isPassed) process.exitCode = EXIT_FAILED;
  if (options.json) await writeJson({ run: runId, steps: outcomes, verdict: report ?? null });
  else await write(report === undefined ? conclusionOf(isWhole) : verdictText(report));
}

function lineOf({ name, isAsExpected, saw }: StepOutcome): string {
  return `${isAsExpected ? 'as expected' : 'OTHERWISE'.padEnd(11)}  ${name.padEnd(16)}  ${saw}\n`;
}

function conclusionOf(isWhole: boolean): string {
  if (isWhole) return 'All as expected; the verdict is the bank’s.\n';
  return 'Not all as expected: the run cannot pass like this.\n';
}

function verdictText({ id, state, why, steps }: RunReport): string {
  const lines = steps
    .filter(step => step.state !== 'passed')
    .map(step => `  ${step.name} ${step.state}: ${step.why}\n`);
  return `${id} is ${state}. ${why}\n${lines.join('')}`;
}

export function register(program: Command): void {
  const command = program
    .command('certify')
    .description(
      'Takes a sandbox app through a certification run. ' +
        'Exit status 0 where it passed, 1 where not.',
    )
    .option('--run <id>', 'the run that the bank has opened')
    .option('--app <id>', 'opens a run for this app, with an operator’s token')
    .option('--suite <file>', 'which calls are made', '.xingyun/certify.yaml');
  addSettingsOptions(command)
    .option('--second-client-file <file>', 'the app’s second key, for the step rotation')
    .option('--second-key <file>', 'private key instead of the second client file’s')
    .option('--second-key-id <id>', 'key id instead of the second client file’s')
    .addOption(
      new Option(
        '--second-algorithm <name>',
        'algorithm instead of the second client file’s',
      ).choices(SIGNATURE_ALGORITHMS),
    );
  addAdminOptions(command)
    .option('--json', 'for scripts: what was seen and the verdict as JSON')
    .action(certify);
}
