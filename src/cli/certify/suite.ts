/** The suite file: which calls of the sandbox `xingyun certify` makes (docs/onboarding.md). */
import { resolve } from 'node:path';
import Type, { type Static } from 'typebox';
import { ConfigError, ProblemList } from '../../control-plane/config/config-error.ts';
import { createSchemaCheck } from '../../control-plane/config/schema-check.ts';
import { YamlSource } from '../../control-plane/config/yaml-source.ts';
import { CommandFailure } from '../failures.ts';

const SUITE_MAX_BYTES = 1_048_576;

const path = (description: string) =>
  Type.String({
    description,
    pattern: '^/[\\x21-\\x7e]{0,2000}$',
    form: 'a path that begins with /, with its query',
  });

const record = <P extends Record<string, Type.TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

const SuiteSchema = record({
  read: record({ path: path('A GET that is answered with 2xx.') }),
  write: record({
    method: Type.Enum(['POST', 'PUT', 'PATCH', 'DELETE'], { description: 'How.' }),
    path: path('A call that changes something, and may come twice under one Idempotency-Key.'),
    body: Type.String({ description: 'Sent as it is.', minLength: 1, maxLength: 65_536 }),
    contentType: Type.String({ description: 'Of the body.', default: 'application/json' }),
  }),
  failing: record({ path: path('A GET that the API refuses with 4xx.') }),
  slow: record({
    path: path('A GET that takes longer than giveUpMs.'),
    giveUpMs: Type.Integer({
      description: 'When the app gives it up.',
      default: 1_000,
      minimum: 100,
      maximum: 10_000,
    }),
    againPath: path('The same operation where it is not slow.'),
  }),
});

export type Suite = Static<typeof SuiteSchema>;

const checkSchema = createSchemaCheck(SuiteSchema);

/** @throws CommandFailure with a line for each thing that is wrong in the file */
export function readSuite(file: string): Suite {
  try {
    const source = YamlSource.read(resolve(file), SUITE_MAX_BYTES);
    const problems = new ProblemList();
    const suite = checkSchema(source, problems);
    problems.throwIfAny();
    return suite!;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandFailure(`The suite cannot be used:\n${error.message}`, { cause: error });
  }
}
