// The parsed encoding of a row (Power ISA Book I, section 1.6.3).
import { type Pattern, parsePattern } from './field.ts';
import type { InstructionRow } from './row.ts';

const patterns = new WeakMap<InstructionRow, Pattern>();

/** The parsed pattern of a row, kept. */
export function patternOf(row: InstructionRow): Pattern {
  let pattern = patterns.get(row);
  if (pattern === undefined) {
    pattern = parsePattern(row.pattern, row.prefix);
    patterns.set(row, pattern);
  }
  return pattern;
}

/** Bytes of the instruction: 8 with a prefix. */
export function bytesOf(row: InstructionRow): 4 | 8 {
  return row.prefix === undefined ? 4 : 8;
}
