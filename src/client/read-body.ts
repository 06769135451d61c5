/**
 * The bytes of an answer; undefined where there are more than `bytesMax`, which nobody waits for.
 * Bytes are those behind the content coding: what a small answer unpacks to is bounded as well.
 * @throws the reason of `signal` when it is aborted; what the connection failed with
 */
export async function readBody(
  response: Response,
  bytesMax: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    signal?.throwIfAborted();
    const chunks = await readChunks(reader, bytesMax);
    signal?.throwIfAborted();
    return chunks && joined(chunks);
  } finally {
    signal?.removeEventListener('abort', stop);
    // Of a body that was read to its end nothing is left to cancel.
    stop();
  }
}

async function readChunks(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  bytesMax: number,
): Promise<readonly Uint8Array[] | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  while (true) {
    const { done, value } = await reader.read();
    if (done) return chunks;
    bytes += value.byteLength;
    if (bytes > bytesMax) return undefined;
    chunks.push(value);
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const body = new Uint8Array(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
}
