/**
 * The Linux binaries of uWebSockets.js 20.57.0 that may be adapted, as sha256 of the original and
 * of the adapted copy. Whatever is not in the table is left alone: a changed binary is a new
 * release, damage, or worse. native-notes/README.md lists every binary of the package.
 */
export const COMPATIBLE_SHA256: ReadonlyMap<string, string> = new Map([
  // linux x64, Node 24 (module ABI 137)
  [
    '98128405dba2fb608448e921a979530f70c946a2cc9889c15f2fa70c2d00ab05',
    '337e7312c83b0df8accbe2446055c1e663ef14824712a055dfb8c34852cd8d69',
  ],
  // linux x64, Node 25 (module ABI 141)
  [
    '813d788b347c6fd76b779d8932311ec05a044e612b4b83af220f16e6ea789683',
    '66513ca63ef5fe6c0534f58cee955fcb272d49194dda12a806c2c1ccfb9b636d',
  ],
  // linux arm64, Node 24 (module ABI 137)
  [
    '88618b30ddf6b2b62310db89f40a701616676352aac5e0f6184dd8ef876199ce',
    'c52f98e37763f821adfd7a24445de06c5941db0bb99b92fd2ac06d5f65cd50f8',
  ],
  // linux arm64, Node 25 (module ABI 141)
  [
    '81d0186dd1549ed6a7f47e68e323573fc27d69d2920527654ce2dd993af2b0ec',
    'ca84857b2027db75652dfed569fdac54439f5ba932e91de17ad04f895ec631e0',
  ],
]);
