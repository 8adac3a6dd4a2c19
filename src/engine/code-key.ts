// Which page of decoded code: a real page, read in one byte order, by code that may or may not use all of the CPU's
// instructions (Power ISA v3.1 Book III, section 2.5, PCR).

/** A page of decoded code: real page number << 2 | problem state under a PCR << 1 | little-endian. */
export interface CodeKey {
  readonly realPage: number;
  /** Decoded for problem state at a compatibility level: what is newer than the level is illegal. */
  readonly restricted: boolean;
  readonly littleEndian: boolean;
}

/** Keys of one real page, all of which a store to it concerns. */
export const keysOfPage = 4;

/** Packs a key; `assembly/mmu/fetch.ts` makes the same. */
export function codeKey({ realPage, restricted, littleEndian }: CodeKey): number {
  return realPage * keysOfPage + (restricted ? 2 : 0) + (littleEndian ? 1 : 0);
}

/** Real page number of a key. */
export function realPageOf(key: number): number {
  return Math.floor(key / keysOfPage);
}

/** True when instruction words of this key are read in little-endian order. */
export function isLittleEndianKey(key: number): boolean {
  return (key & 1) === 1;
}

/** True when the key is of problem state at a compatibility level. */
export function isRestrictedKey(key: number): boolean {
  return (key & 2) === 2;
}

/** True when instruction words of both keys mean the same. */
export function sameDecoding(a: number, b: number): boolean {
  return a % keysOfPage === b % keysOfPage;
}
