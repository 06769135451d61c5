/** A process of its own that turns a ring at an instant, and prints the ids of its keys. */
import { KeyRing } from '../../../src/control-plane/key-ring/index.ts';

const [stateDir = '', clockMs = '', atMs = ''] = process.argv.slice(2);
const nowMs = Number(clockMs);
let isLater = false;
const ring = KeyRing.open({
  ...{ stateDir, purpose: 'tokens', algorithm: 'ES256' },
  ...{ rotationMs: 1_000_000, publishAheadMs: 100_000, keepMs: 100_000 },
  clock: { wallMs: () => (isLater ? nowMs + 950_000 : nowMs), monotonicMs: () => nowMs },
  onChange: () => undefined,
  reportFailure: error => {
    throw error;
  },
});
isLater = true;
while (Date.now() < Number(atMs));
ring.look();
ring.close();
process.stdout.write(JSON.stringify(ring.jwks().keys.map(({ kid }) => kid)));
