// Small text helpers of this folder: hexadecimal words, sizes with a suffix, and the nearest known name.

/** A register value as text with `0x`: the form of every 32- and 64-bit architected value in this folder's plain data. */
export type Hex = `0x${string}`;

/** @returns `value` as lower-case hexadecimal with at least `digits` digits. */
export function hex(value: number | bigint, digits = 1): Hex {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** Power ISA bit `n` of a doubleword (MSB-0) as a value: `1 << (63 - n)`. */
export function bit64(n: number): bigint {
  return 1n << BigInt(63 - n);
}

const suffixes = 'bkmgtpe';

/**
 * Reads a size as QEMU writes it: a decimal or `0x` number, optionally with a suffix b, k, m, g, t, p or e (powers of 1024).
 * @param text the size
 * @param unit what a number without suffix counts, in bytes
 * @returns the size in bytes, or undefined where `text` is no size
 */
export function parseSize(text: string, unit = 1): bigint | undefined {
  const match = /^(0x[0-9a-f]{1,16}|[0-9]{1,20})([bkmgtpe]?)$/i.exec(text);
  if (match === null) return undefined;
  const number = BigInt(match[1] ?? '');
  const suffix = (match[2] ?? '').toLowerCase();
  const size = suffix === '' ? number * BigInt(unit) : number << BigInt(10 * suffixes.indexOf(suffix));
  return size < 1n << 64n ? size : undefined;
}

/** @returns a whole number of at most nine digits, or undefined where `text` is none. */
export function parseCount(text: string): number | undefined {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}

/** @returns bytes as a short size a person reads, such as `64 KiB`. */
export function sizeText(bytes: bigint): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
  let at = 0;
  let rest = bytes;
  while (rest >= 1024n && rest % 1024n === 0n && at < units.length - 1) {
    rest /= 1024n;
    at += 1;
  }
  return `${rest} ${units[at]}`;
}

/** Number of single-character edits (insert, delete, replace, swap neighbours) between two words. */
function distance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforePrevious[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** @returns the known name nearest to `word`, or undefined where none is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  // Comparing is quadratic in the length: nobody means a known name by a word much longer than any.
  if (word.length > 64) return undefined;
  const low = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.ceil(word.length / 3)) + 1;
  for (const name of known) {
    // Half a word is nearer than any misspelling of another.
    const begun = low.length > 1 && name.toLowerCase().startsWith(low);
    const d = begun ? 1 : distance(low, name.toLowerCase());
    if (d < bestDistance) {
      best = name;
      bestDistance = d;
    }
  }
  return best;
}
