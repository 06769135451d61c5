/** The demonstration's `certify.yaml`: the calls that `xingyun certify` makes. */
import { stringify } from 'yaml';

const HEADER =
  '# The suite of xingyun certify. Written anew at every start: change a copy, not this file.\n';
const ECHO = '/sandbox/v1/echo';

export function suiteText(): string {
  const suite = {
    read: { path: ECHO },
    write: { method: 'POST', path: ECHO, body: '{"order":"certification"}' },
    failing: { path: `${ECHO}?demo-fault=status-422` },
    slow: { path: `${ECHO}?demo-delay-ms=10000`, giveUpMs: 1_000, againPath: ECHO },
  };
  return HEADER + stringify(suite);
}
