/** Where a call goes, as the signature has to name it. */

/**
 * The absolute URI as fetch will send it, so that the signature covers the same bytes.
 * @throws TypeError where it is outside the base
 */
export function targetUri(base: URL, pathOrUrl: string | URL): string {
  const prefix = base.pathname.replace(/\/$/, '');
  const text = String(pathOrUrl);
  const url = text.startsWith('/') ? new URL(`${base.origin}${prefix}${text}`) : new URL(text);
  if (url.origin !== base.origin || !`${url.pathname}/`.startsWith(`${prefix}/`)) {
    throw new TypeError(`${url.origin}${url.pathname} is outside ${base.href}`);
  }
  url.hash = '';
  return url.href;
}
