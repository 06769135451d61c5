/**
 * Makes an object that was linked against glibc 2.38 loadable from glibc 2.36 on.
 *
 * Compilers that use glibc 2.38 headers name strtol, strtoul and sscanf by their C23 variants,
 * which differ in one point only: they also read a `0b` prefix where the base allows it. The
 * variants' names end in the old names, so the string table holds both and no byte has to move.
 */
import { ElfFormatError, ElfImage } from './elf-image.ts';

const C23_PREFIX = '__isoc23_';
const REPLACED = new Set(['strtol', 'strtoul', 'sscanf'].map(name => C23_PREFIX + name));
const TOO_NEW = 'GLIBC_2.38';
const VER_FLG_WEAK = 2;

/** The version under which each port of glibc has exported its first functions, by e_machine. */
const BASE_VERSIONS: ReadonlyMap<number, string> = new Map([
  [62, 'GLIBC_2.2.5'],
  [183, 'GLIBC_2.17'],
]);

/**
 * Returns an edited copy of `original`; `original` stays as it is.
 * Throws ElfFormatError where the object is not of the kind described above, in particular where it
 * needs anything of glibc 2.38 beyond the three functions.
 */
export function makeCompatible(original: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(original);
  const image = new ElfImage(copy);
  const needed = image.neededVersions();
  const tooNew = needed.find(need => need.version === TOO_NEW);
  if (tooNew === undefined) throw new ElfFormatError(`does not need ${TOO_NEW}`);
  const baseVersion = BASE_VERSIONS.get(image.machine);
  const base = needed.find(need => need.version === baseVersion && need.library === tooNew.library);
  if (base === undefined) throw new ElfFormatError('does not need a base version of glibc');

  for (const symbol of image.importedSymbols()) {
    if (symbol.versionIndex !== tooNew.versionIndex) continue;
    if (!REPLACED.has(symbol.name)) throw new ElfFormatError(`needs ${symbol.name}@${TOO_NEW}`);
    const nameOffset = image.read32(symbol.nameFieldOffset);
    image.write32(symbol.nameFieldOffset, nameOffset + C23_PREFIX.length);
    image.write16(symbol.versionFieldOffset, base.versionIndex);
  }
  // The loader checks needed versions before it binds symbols; a weak need may stay unmet.
  image.write16(tooNew.flagsFieldOffset, image.read16(tooNew.flagsFieldOffset) | VER_FLG_WEAK);
  return copy;
}
