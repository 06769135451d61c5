/** A thread of signAhead. */
import { createHmac, sign } from 'node:crypto';
import { workerData } from 'node:worker_threads';
import { loadSigningKey, SIGNING_METHODS } from '../../../src/core/signing-key.ts';
import { BENCH_ALGORITHMS } from '../bench-folder.ts';
import { DONE_CELL, NEXT_CELL, type SigningWork } from './sign-ahead.ts';
import { SIGNATURE_BYTES, SignedRequest } from './signed-request.ts';

const CHUNK = 64;

const { shape, privateText, firstNumber, count, signatures, cells } = workerData as SigningWork;
const algorithm = BENCH_ALGORITHMS[shape.key];
const method = SIGNING_METHODS[algorithm];
const key = loadSigningKey(algorithm, privateText);
const keyInput = { ...method.options, key };
const request = new SignedRequest(shape);
const target = new Uint8Array(signatures);
const shared = new Int32Array(cells);

function signatureOf(base: string): Uint8Array {
  if (method.keyType === 'secret') return createHmac('sha256', key).update(base).digest();
  return sign(method.hash, Buffer.from(base), keyInput);
}

for (;;) {
  const from = Atomics.add(shared, NEXT_CELL, CHUNK);
  if (from >= count) break;
  const to = Math.min(from + CHUNK, count);
  for (let i = from; i < to; i++) {
    const base = request.signatureBase(firstNumber + i);
    target.set(signatureOf(base), i * SIGNATURE_BYTES[shape.key]);
  }
  Atomics.add(shared, DONE_CELL, to - from);
}
