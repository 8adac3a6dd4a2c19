// From an instruction word to its row: tables by primary opcode (bits 0:5) and, where rows need it, by bits 21:31.
import { parsePattern } from './field.ts';
import type { InstructionRow } from './row.ts';
import { instructionTable } from './table.ts';
import { type IsaVersion, isaVersions } from './version.ts';

/** Finds the row of a 32-bit instruction word; undefined when no row has that encoding. */
export type Decode = (word: number) => InstructionRow | undefined;

interface Candidate {
  readonly mask: number;
  readonly value: number;
  readonly row: InstructionRow;
}

/** Bits 21:31, where every form keeps its extended opcode. */
const lowMask = 0x7ff;
const noCandidates: readonly Candidate[] = [];

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

/**
 * Makes a decoder for the rows of an edition, or of all editions. Where two rows fit a word the one listed first wins:
 * a test proves that it is then the more specific one.
 */
export function createDecoder(rows: readonly InstructionRow[], edition?: IsaVersion): Decode {
  const byPrimary: Candidate[][] = Array.from({ length: 64 }, () => []);
  for (const row of rows) {
    if (edition !== undefined && !existsIn(row, edition)) continue;
    const { mask, value } = parsePattern(row.pattern);
    byPrimary[value >>> 26]?.push({ mask: mask | 0, value: value | 0, row });
  }
  const tables = byPrimary.map(lowTable);
  return (word) => {
    const table = tables[word >>> 26];
    if (table === undefined) return undefined;
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

/** The row of an instruction word of any edition. */
export function decode(word: number): InstructionRow | undefined {
  return decoderOf()(word);
}
