// From an instruction word to assembler text with base mnemonics, all operands written (Power ISA Book I, chapter 1).
import { decoderOf } from './decode.ts';
import { type FieldName, fieldValue } from './field.ts';
import { type InstructionBits, mnemonicOf, operandKind, operandScale, operandTokens, raIsZeroBase } from './operand.ts';
import type { InstructionRow } from './row.ts';
import { patternOf } from './row-pattern.ts';
import type { IsaVersion } from './version.ts';

const conditionBits = ['lt', 'gt', 'eq', 'so'] as const;

/** A CR bit as `eq` or `4*cr1+eq`. */
function crBitText(bit: number): string {
  const name = conditionBits[bit & 3] ?? '';
  return bit < 4 ? name : `4*cr${bit >> 2}+${name}`;
}

const registerPrefix = { gpr: 'r', fpr: 'f', vr: 'v', vsr: 'vs', accumulator: 'a', crField: 'cr' } as const;

function operandText(row: InstructionRow, name: FieldName, { word, prefix }: InstructionBits, address: bigint): string {
  const pattern = patternOf(row);
  const value = fieldValue(pattern, name, word, prefix) * operandScale(name);
  // Bits and fields of FPSCR are written as numbers.
  const kind = row.mnemonic.startsWith('mtfs') && operandKind(name) !== 'fpr' ? 'unsigned' : operandKind(name);
  switch (kind) {
    case 'gpr':
      return name === 'RA' && value === 0 && raIsZeroBase(row) ? '0' : `r${value}`;
    case 'fpr':
    case 'vr':
    case 'vsr':
    case 'accumulator':
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

/** Text of one instruction by its row; `address` is where it stands (for branch targets), `prefix` its prefix if any. */
export function disassembleRow(row: InstructionRow, word: number, address = 0n, prefix = 0): string {
  const bits = { word, prefix };
  const operands = operandTokens(row)
    // Every word of an operand list is a field of the pattern (the table's test).
    .map((token) => (/^[A-Za-z]/.test(token) ? operandText(row, token as FieldName, bits, address) : token))
    .join('');
  const mnemonic = mnemonicOf(row, patternOf(row), word);
  return operands === '' ? mnemonic : `${mnemonic} ${operands}`;
}

/**
 * Assembler text of an instruction at an address, `.long 0x…` for a word that no row of the edition (any edition when
 * undefined) has. `suffix` is the word behind it: it counts when `word` is a prefix.
 */
export function disassemble(word: number, address = 0n, edition?: IsaVersion, suffix?: number): string {
  const row = decoderOf(edition)(word, suffix);
  if (row === undefined) return `.long 0x${(word >>> 0).toString(16)}`;
  return row.prefix === undefined
    ? disassembleRow(row, word, address)
    : disassembleRow(row, suffix ?? 0, address, word);
}
