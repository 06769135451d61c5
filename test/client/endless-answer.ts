const CHUNK_BYTES = 16_384;

/** An answer that never ends, and how much of it was asked for. */
export function endlessAnswer() {
  let bytes = 0;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: controller => {
      bytes += CHUNK_BYTES;
      controller.enqueue(new Uint8Array(CHUNK_BYTES).fill(0x20));
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  return { response: new Response(body), state: () => ({ bytes, isCancelled }) };
}
