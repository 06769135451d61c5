/** RFC 9110 section 9.2.1: a call with one of these can be given up without a trace. */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
