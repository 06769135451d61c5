/**
 * Reads and edits the dynamic linking tables of an ELF64 little-endian shared object, as far as the
 * compatible copy needs them: imported symbols, their versions, and the versions that are needed.
 * Follows the System V ABI, chapter 5, and the LSB core specification, chapter 10.7 (symbol
 * versioning). Only the program headers are read, because the loader reads nothing else.
 */
const PT_LOAD = 1;
const PT_DYNAMIC = 2;

const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_GNU_HASH = 0x6ffffef5;
const DT_VERSYM = 0x6ffffff0;
const DT_VERNEED = 0x6ffffffe;
const DT_VERNEEDNUM = 0x6fffffff;

const SYMBOL_BYTES = 24;
/** A table that claims more entries than this is not one that a compiler wrote. */
const ENTRIES_MAX = 1_000_000;

/** An imported symbol: its name and where its two editable fields lie in the file. */
export interface ImportedSymbol {
  readonly name: string;
  readonly versionIndex: number;
  readonly nameFieldOffset: number;
  readonly versionFieldOffset: number;
}

/** One version that the object needs of one library. */
export interface NeededVersion {
  readonly library: string;
  readonly version: string;
  readonly versionIndex: number;
  readonly weak: boolean;
  readonly flagsFieldOffset: number;
}

export class ElfFormatError extends Error {
  override readonly name = 'ElfFormatError';
}

export class ElfImage {
  /** 62 is x86-64, 183 is AArch64. */
  readonly machine: number;
  private readonly bytes: Buffer;
  private readonly tags: ReadonlyMap<number, number>;

  /** Views `bytes` without a copy: edits write through. Throws ElfFormatError. */
  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const identification = this.bytes.subarray(0, 6).toString('latin1');
    if (identification !== '\x7fELF\x02\x01') {
      throw new ElfFormatError('not a 64-bit little-endian ELF file');
    }
    this.machine = this.read16(18);
    this.tags = this.readDynamicTags();
  }

  /** Undefined symbols: they precede the first one that the GNU hash table covers. */
  importedSymbols(): ImportedSymbol[] {
    const table = this.table(DT_SYMTAB);
    const versions = this.table(DT_VERSYM);
    const count = this.read32(this.table(DT_GNU_HASH) + 4);
    if (count > ENTRIES_MAX) throw new ElfFormatError('symbol table is too long');
    const symbols: ImportedSymbol[] = [];
    for (let index = 1; index < count; index++) {
      const nameFieldOffset = table + index * SYMBOL_BYTES;
      const versionFieldOffset = versions + index * 2;
      symbols.push({
        name: this.text(this.read32(nameFieldOffset)),
        versionIndex: this.read16(versionFieldOffset) & 0x7fff,
        nameFieldOffset,
        versionFieldOffset,
      });
    }
    return symbols;
  }

  neededVersions(): NeededVersion[] {
    const needed: NeededVersion[] = [];
    let record = this.table(DT_VERNEED);
    const records = this.tag(DT_VERNEEDNUM);
    if (records > ENTRIES_MAX) throw new ElfFormatError('version table is too long');
    for (let i = 0; i < records; i++) {
      const library = this.text(this.read32(record + 4));
      let entry = record + this.read32(record + 8);
      for (let j = this.read16(record + 2); j > 0; j--) {
        if (needed.length === ENTRIES_MAX) throw new ElfFormatError('version table is too long');
        const flagsFieldOffset = entry + 4;
        needed.push({
          library,
          version: this.text(this.read32(entry + 8)),
          versionIndex: this.read16(entry + 6) & 0x7fff,
          weak: (this.read16(flagsFieldOffset) & 2) !== 0,
          flagsFieldOffset,
        });
        entry += this.read32(entry + 12);
      }
      record += this.read32(record + 12);
    }
    return needed;
  }

  read16(offset: number): number {
    this.checkRange(offset, 2);
    return this.bytes.readUInt16LE(offset);
  }

  read32(offset: number): number {
    this.checkRange(offset, 4);
    return this.bytes.readUInt32LE(offset);
  }

  write16(offset: number, value: number): void {
    this.checkRange(offset, 2);
    this.bytes.writeUInt16LE(value, offset);
  }

  write32(offset: number, value: number): void {
    this.checkRange(offset, 4);
    this.bytes.writeUInt32LE(value, offset);
  }

  private read64(offset: number): number {
    this.checkRange(offset, 8);
    const value = this.bytes.readBigUInt64LE(offset);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ElfFormatError('value out of range');
    return Number(value);
  }

  private checkRange(offset: number, length: number): void {
    if (offset < 0 || offset + length > this.bytes.length) throw new ElfFormatError('truncated');
  }

  private tag(tag: number): number {
    const value = this.tags.get(tag);
    if (value === undefined) throw new ElfFormatError(`no dynamic tag 0x${tag.toString(16)}`);
    return value;
  }

  private table(tag: number): number {
    return this.fileOffset(this.tag(tag));
  }

  private text(offset: number): string {
    const start = this.table(DT_STRTAB) + offset;
    const end = this.bytes.indexOf(0, start);
    if (end < 0) throw new ElfFormatError('truncated');
    return this.bytes.toString('latin1', start, end);
  }

  /** Offsets of the program headers of one type. */
  private programHeaders(type: number): number[] {
    const start = this.read64(32);
    const entryBytes = this.read16(54);
    const headers: number[] = [];
    for (let i = 0; i < this.read16(56); i++) {
      const header = start + i * entryBytes;
      if (this.read32(header) === type) headers.push(header);
    }
    return headers;
  }

  private fileOffset(address: number): number {
    for (const header of this.programHeaders(PT_LOAD)) {
      const within = address - this.read64(header + 16);
      if (within >= 0 && within < this.read64(header + 32)) return this.read64(header + 8) + within;
    }
    throw new ElfFormatError('address outside every segment');
  }

  private readDynamicTags(): Map<number, number> {
    const tags = new Map<number, number>();
    const header = this.programHeaders(PT_DYNAMIC)[0];
    if (header === undefined) throw new ElfFormatError('not dynamically linked');
    const start = this.read64(header + 8);
    for (let entry = start; this.read64(entry) !== 0; entry += 16) {
      tags.set(this.read64(entry), this.read64(entry + 8));
    }
    return tags;
  }
}
