/** Cuts texts into the words that the search goes by. */

const TOKEN_MAX_CHARACTERS = 32;
const WORD = /[\p{L}\p{N}]+/gu;
/** Scripts without spaces between words: each character may begin one. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
const CAMEL = /(\p{Ll}|\p{N})(\p{Lu})/gu;

/** Words of a text that is searched; `listAccounts` is found as itself, as list and as accounts. */
export function indexTokens(text: string): Set<string> {
  const tokens = new Set<string>();
  for (const [word] of text.matchAll(WORD)) {
    if (UNSPACED.test(word)) {
      const characters = [...word];
      for (let start = 0; start < characters.length; start++) {
        const end = start + TOKEN_MAX_CHARACTERS;
        tokens.add(cut(characters.slice(start, end).join('').toLowerCase()));
      }
      continue;
    }
    tokens.add(cut(word.toLowerCase()));
    for (const part of word.replace(CAMEL, '$1 $2').split(' ')) tokens.add(cut(part.toLowerCase()));
  }
  return tokens;
}

/** Words of a question, in its order. */
export function queryTokens(text: string, tokensMax: number): string[] {
  const tokens = [...text.matchAll(WORD)].map(([word]) => cut(word.toLowerCase()));
  return [...new Set(tokens)].slice(0, tokensMax);
}

function cut(token: string): string {
  return token.slice(0, TOKEN_MAX_CHARACTERS);
}
