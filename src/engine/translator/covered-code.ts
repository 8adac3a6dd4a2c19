// Which instructions a region was made from.

/** A bit for each word of a page, by the page's key. Plain data: it may cross to another thread. */
export type CoveredCode = ReadonlyMap<number, Int32Array>;

const wordsOfPage = 1024;

/** Adds the word at a byte offset of a page. */
export function cover(covered: Map<number, Int32Array>, key: number, offset: number): void {
  let bits = covered.get(key);
  if (!bits) {
    bits = new Int32Array(wordsOfPage / 32);
    covered.set(key, bits);
  }
  const word = offset >> 2;
  bits[word >> 5] = (bits[word >> 5] ?? 0) | (1 << (word & 31));
}

function has(bits: Int32Array, word: number): boolean {
  return (((bits[word >> 5] ?? 0) >> (word & 31)) & 1) === 1;
}

/** True when one of the bytes [from, to] of a page belongs to it. */
export function covers(covered: CoveredCode, key: number, from: number, to: number): boolean {
  const bits = covered.get(key);
  if (!bits) return false;
  for (let word = from >> 2; word <= to >> 2; word++) if (has(bits, word)) return true;
  return false;
}

/** Byte offsets of its words in a page, ascending. */
export function coveredOffsets(covered: CoveredCode, key: number): number[] {
  const bits = covered.get(key);
  const offsets: number[] = [];
  if (bits) for (let word = 0; word < wordsOfPage; word++) if (has(bits, word)) offsets.push(4 * word);
  return offsets;
}
