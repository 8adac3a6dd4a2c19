// From an instruction word to its row: tables by primary opcode (bits 0:5) and, where rows need it, by bits 21:31.
// Prefixed instructions have tables of their own, by the primary opcode of the suffix.
import { isPrefix } from './field.ts';
import type { InstructionRow } from './row.ts';
import { patternOf } from './row-pattern.ts';
import { instructionTable } from './table.ts';
import { type IsaVersion, isaVersions } from './version.ts';

/**
 * Finds the row of a 32-bit instruction word; undefined when no row has that encoding. `suffix` is the word behind it and
 * counts when `word` is a prefix: without it a prefix is no instruction.
 */
export type Decode = (word: number, suffix?: number) => InstructionRow | undefined;

interface Candidate {
  readonly mask: number;
  readonly value: number;
  /** The same of the prefix; 0 without one. */
  readonly prefixMask: number;
  readonly prefixValue: number;
  readonly row: InstructionRow;
}

/** Bits 21:31, where every form keeps its extended opcode. */
const lowMask = 0x7ff;
const noCandidates: readonly Candidate[] = [];
/** Bits 0:5. */
const primaryMask = 0xfc00_0000 | 0;

/** True when a CPU of this edition has the row's instruction. */
export function existsIn(row: InstructionRow, edition: IsaVersion): boolean {
  const position = isaVersions.indexOf(edition);
  if (isaVersions.indexOf(row.since) > position) return false;
  return row.until === undefined || position <= isaVersions.indexOf(row.until);
}

/** Candidates by bits 21:31 for one primary opcode; one list for all when no row fixes any of those bits. */
function lowTable(candidates: readonly Candidate[]): readonly (readonly Candidate[])[] {
  if (candidates.every(({ mask }) => (mask & lowMask) === 0)) return [candidates];
  const table: Candidate[][] = Array.from({ length: lowMask + 1 }, () => []);
  for (const candidate of candidates) {
    const free = ~candidate.mask & lowMask;
    // Walks every value of the free bits: subtracting inside the mask enumerates its subsets.
    let subset = free;
    for (;;) {
      table[(candidate.value & lowMask) | subset]?.push(candidate);
      if (subset === 0) break;
      subset = (subset - 1) & free;
    }
  }
  return table;
}

function decodePrefixed(
  tables: readonly (readonly Candidate[])[],
  word: number,
  suffix: number,
): InstructionRow | undefined {
  const found = (tables[suffix >>> 26] ?? noCandidates).find(
    ({ mask, value, prefixMask, prefixValue }) => (suffix & mask) === value && (word & prefixMask) === prefixValue,
  );
  return found?.row;
}

function candidateOf(row: InstructionRow): Candidate {
  const { mask, value, prefix } = patternOf(row);
  return {
    mask: mask | 0,
    value: value | 0,
    prefixMask: (prefix?.mask ?? 0) | 0,
    prefixValue: (prefix?.value ?? 0) | 0,
    row,
  };
}

/** Prefixed instructions by the primary opcode of the suffix. */
function suffixTable(rows: readonly InstructionRow[]): readonly (readonly Candidate[])[] {
  const prefixed = rows.map(candidateOf);
  return Array.from({ length: 64 }, (_, primary) =>
    prefixed.filter(({ mask, value }) => ((primary << 26) & mask & primaryMask) === (value & mask & primaryMask)),
  );
}

/**
 * Makes a decoder for the rows of an edition, or of all editions. Where two rows fit a word the one listed first wins:
 * a test proves that it is then the more specific one. Tables are made when they are first asked for.
 */
export function createDecoder(rows: readonly InstructionRow[], edition?: IsaVersion): Decode {
  const byPrimary: InstructionRow[][] = Array.from({ length: 64 }, () => []);
  const prefixed: InstructionRow[] = [];
  for (const row of rows) {
    if (edition !== undefined && !existsIn(row, edition)) continue;
    if (row.prefix !== undefined) prefixed.push(row);
    // The pattern of an instruction of one word begins with its primary opcode.
    else byPrimary[Number.parseInt(row.pattern, 10)]?.push(row);
  }
  const tables = new Array<readonly (readonly Candidate[])[] | undefined>(64).fill(undefined);
  let suffixes: readonly (readonly Candidate[])[] | undefined;
  return (word, suffix) => {
    if (isPrefix(word)) {
      if (suffix === undefined) return undefined;
      suffixes ??= suffixTable(prefixed);
      return decodePrefixed(suffixes, word, suffix);
    }
    const primary = word >>> 26;
    let table = tables[primary];
    if (table === undefined) {
      table = lowTable((byPrimary[primary] ?? []).map(candidateOf));
      tables[primary] = table;
    }
    const candidates = (table.length === 1 ? table[0] : table[word & lowMask]) ?? noCandidates;
    for (const candidate of candidates) {
      if ((word & candidate.mask) === candidate.value) return candidate.row;
    }
    return undefined;
  };
}

const decoders = new Map<string, Decode>();

/**
 * The decoder of an edition (all editions when undefined), made at its first use; with `level`, of what problem state has
 * when PCR holds it to an older edition: instructions that both have.
 */
export function decoderOf(edition?: IsaVersion, level = edition): Decode {
  const name = `${edition} ${level}`;
  let decoder = decoders.get(name);
  if (decoder === undefined) {
    const rows = level === undefined ? instructionTable : instructionTable.filter((row) => existsIn(row, level));
    decoder = createDecoder(rows, edition);
    decoders.set(name, decoder);
  }
  return decoder;
}

/** The row of an instruction of any edition, with the word behind it where that may be a suffix. */
export function decode(word: number, suffix?: number): InstructionRow | undefined {
  return decoderOf()(word, suffix);
}
