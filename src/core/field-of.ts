/** The first value of a field among flat name, value pairs; its name in lower case. */
export function fieldOf(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

/** All values of a list field (RFC 9110 section 5.3), by its lower-case name. */
export function listOf(headers: readonly string[], name: string): string | undefined {
  let all: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== name) continue;
    all = all === undefined ? headers[i + 1] : `${all}, ${headers[i + 1]}`;
  }
  return all;
}
