/** Generates docs/problems.md from the table of problems. */
import { PROBLEM_NAMES, PROBLEMS, type ProblemName } from '../../src/core/problems.ts';

export const file = 'docs/problems.md';

const INTRODUCTION = `# Problems

Generated from \`src/core/problems.ts\`; \`npm run docs\` writes it anew.

A call that the gateway refuses gets an \`application/problem+json\` document (RFC 9457):

\`\`\`json
{
  "type": "/problems/not-found",
  "title": "No operation at this path",
  "status": 404,
  "code": "not-found",
  "detail": "No operation is published at this path.",
  "requestId": "..."
}
\`\`\`

Programs decide by \`code\`, which stays; \`title\` and \`detail\` are for people and may change.
\`requestId\` is also in the header \`x-request-id\`: name it when you ask the bank. An answer of
the bank's own system passes unchanged and is none of these.

"Repeat" says whether the same call may succeed later without a change to it. Sign every repetition
anew, with a fresh nonce. Where \`Retry-After\` is sent, wait for it first.
`;

function describeRepeat(name: ProblemName): string {
  const { retry, retryAfterSeconds } = PROBLEMS[name];
  if (!retry) return 'no';
  return retryAfterSeconds === undefined ? 'yes' : `yes, after ${retryAfterSeconds} s`;
}

function overview(): string {
  const rows = PROBLEM_NAMES.map(name => {
    const { status, title } = PROBLEMS[name];
    return `| [${name}](#${name}) | ${status} | ${title} | ${describeRepeat(name)} |`;
  });
  return ['| code | status | title | repeat |', '| --- | --- | --- | --- |', ...rows, ''].join(
    '\n',
  );
}

function entry(name: ProblemName): string {
  const { status, title, remedy } = PROBLEMS[name];
  const facts = `- Status: ${status}\n- Repeat: ${describeRepeat(name)}\n- What to do: ${remedy}`;
  return `## ${name}\n\n${title}.\n\n${facts}\n`;
}

/** The whole page. */
export function generate(): string {
  return [INTRODUCTION, overview(), ...PROBLEM_NAMES.map(entry)].join('\n');
}
