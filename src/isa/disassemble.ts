// From an instruction word to assembler text with base mnemonics, all operands written (Power ISA Book I, chapter 1).
import { decoderOf } from './decode.ts';
import { type FieldName, fieldValue, type Pattern, parsePattern } from './field.ts';
import { mnemonicOf, operandKind, operandScale, operandTokens, raIsZeroBase } from './operand.ts';
import type { InstructionRow } from './row.ts';
import type { IsaVersion } from './version.ts';

const patterns = new WeakMap<InstructionRow, Pattern>();

/** The parsed pattern of a row, kept. */
export function patternOf(row: InstructionRow): Pattern {
  let pattern = patterns.get(row);
  if (pattern === undefined) {
    pattern = parsePattern(row.pattern);
    patterns.set(row, pattern);
  }
  return pattern;
}

const conditionBits = ['lt', 'gt', 'eq', 'so'] as const;

/** A CR bit as `eq` or `4*cr1+eq`. */
function crBitText(bit: number): string {
  const name = conditionBits[bit & 3] ?? '';
  return bit < 4 ? name : `4*cr${bit >> 2}+${name}`;
}

const registerPrefix = { gpr: 'r', fpr: 'f', vr: 'v', vsr: 'vs', crField: 'cr' } as const;

function operandText(row: InstructionRow, name: FieldName, word: number, address: bigint): string {
  const pattern = patternOf(row);
  const value = fieldValue(pattern, name, word) * operandScale(name);
  // Bits and fields of FPSCR are written as numbers.
  const kind = row.mnemonic.startsWith('mtfs') && operandKind(name) !== 'fpr' ? 'unsigned' : operandKind(name);
  switch (kind) {
    case 'gpr':
      return name === 'RA' && value === 0 && raIsZeroBase(row) ? '0' : `r${value}`;
    case 'fpr':
    case 'vr':
    case 'vsr':
    case 'crField':
      return `${registerPrefix[kind]}${value}`;
    case 'crBit':
      return crBitText(value);
    case 'branch': {
      const absolute = pattern.pieces.has('AA') && fieldValue(pattern, 'AA', word) === 1;
      return `0x${BigInt.asUintN(64, (absolute ? 0n : address) + BigInt(value)).toString(16)}`;
    }
    default:
      // Zero bytes would be useless, so 0 stands for 32 (lswi, stswi).
      return String(name === 'NB' && value === 0 ? 32 : value);
  }
}

/** Text of one word by its row; `address` is where it stands (for branch targets). */
export function disassembleRow(row: InstructionRow, word: number, address = 0n): string {
  const operands = operandTokens(row)
    // Every word of an operand list is a field of the pattern (the table's test).
    .map((token) => (/^[A-Za-z]/.test(token) ? operandText(row, token as FieldName, word, address) : token))
    .join('');
  const mnemonic = mnemonicOf(row, patternOf(row), word);
  return operands === '' ? mnemonic : `${mnemonic} ${operands}`;
}

/**
 * Assembler text of a 32-bit instruction word at an address, `.long 0x…` for a word that no row of the edition (any
 * edition when undefined) has.
 */
export function disassemble(word: number, address = 0n, edition?: IsaVersion): string {
  const row = decoderOf(edition)(word);
  if (row === undefined) return `.long 0x${(word >>> 0).toString(16)}`;
  return disassembleRow(row, word, address);
}
