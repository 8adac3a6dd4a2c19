// Operands of the assembler language: kinds, encoding and what a row's operand list says (Book I, section 1.6.3).
import type { Builder, Fields } from './builder.ts';
import { compositeFields, countedFields, type FieldName, type Pattern, signedFields } from './field.ts';
import type { InstructionRow } from './row.ts';
import { patternOf } from './row-pattern.ts';

/** How an operand is written. */
export type OperandKind =
  | 'gpr'
  | 'fpr'
  | 'vr'
  | 'vsr'
  | 'accumulator'
  | 'crField'
  | 'crBit'
  | 'branch'
  | 'signed'
  | 'unsigned';

const namesOfKind: Readonly<Record<Exclude<OperandKind, 'signed' | 'unsigned'>, readonly FieldName[]>> = {
  gpr: ['RT', 'RS', 'RA', 'RB', 'RC', 'RTp', 'RSp'],
  fpr: ['FRT', 'FRS', 'FRA', 'FRB', 'FRC', 'FRTp', 'FRSp', 'FRAp', 'FRBp'],
  vr: ['VRT', 'VRS', 'VRA', 'VRB', 'VRC'],
  vsr: ['XT', 'XS', 'XA', 'XB', 'XC', 'XTp', 'XSp', 'XAp'],
  accumulator: ['AT'],
  crField: ['BF', 'BFA'],
  crBit: ['BT', 'BA', 'BB', 'BC', 'BI', 'XBI'],
  branch: ['LI', 'BD'],
};

const kinds = new Map<FieldName, OperandKind>();
for (const [kind, names] of Object.entries(namesOfKind)) {
  // The keys of a literal are the kinds that its type lists.
  for (const name of names) kinds.set(name, kind as OperandKind);
}

/** Kind of the operand that a field is. */
export function operandKind(name: FieldName): OperandKind {
  return kinds.get(name) ?? (signedFields[name] === undefined && !countedFields[name] ? 'unsigned' : 'signed');
}

/** Field names and punctuation of an operand list such as `RT,D(RA)`. */
export function operandTokens(row: InstructionRow): readonly string[] {
  return row.operands.match(/[A-Za-z][A-Za-z0-9]*|[(),]/g) ?? [];
}

/** Field names of an operand list, in order. */
export function operandNames(row: InstructionRow): readonly FieldName[] {
  // Every word of an operand list is a field of the pattern (the table's test).
  return operandTokens(row).filter((token) => /^[A-Za-z]/.test(token)) as FieldName[];
}

/** Pair operands name the even register but count pairs in the word. */
export function operandScale(name: FieldName): number {
  return name === 'XTp' || name === 'XSp' || name === 'XAp' ? 2 : 1;
}

/** Width in bits of a field of a pattern, composite or not. */
export function fieldWidth(pattern: Pattern, name: FieldName): number {
  const own = pattern.pieces.get(name);
  if (own) return own.length;
  return (compositeFields[name] ?? []).reduce((sum, part) => sum + (pattern.pieces.get(part)?.length ?? 0), 0);
}

/** Bits of an instruction's words: `word` is the suffix of a prefixed one, `prefix` is 0 for the others. */
export interface InstructionBits {
  readonly word: number;
  readonly prefix: number;
}

/**
 * Bits of the words that hold `value` in the field, or undefined when it does not fit (range, or a displacement that is
 * not a multiple of its scale). Signed fields take the unsigned reading of the same bits too, as `lis 3,0xffff` does.
 */
export function encodeField(pattern: Pattern, name: FieldName, value: number): InstructionBits | undefined {
  const width = fieldWidth(pattern, name);
  const scale = signedFields[name];
  const counted = countedFields[name];
  const shifted = counted ? (value - counted.lowest) / counted.unit : scale === undefined ? value : value / 2 ** scale;
  const lowest = scale === undefined ? 0 : -(2 ** (width - 1));
  if (!Number.isInteger(shifted) || shifted < lowest || shifted >= 2 ** width) return undefined;
  let rest = shifted < 0 ? shifted + 2 ** width : shifted;
  const bits = { word: 0, prefix: 0 };
  const parts = pattern.pieces.has(name) ? [name] : [...(compositeFields[name] ?? [])];
  for (const part of parts.reverse()) {
    const piece = pattern.pieces.get(part);
    if (!piece) return undefined;
    const size = 2 ** piece.length;
    bits[piece.inPrefix ? 'prefix' : 'word'] |= (rest % size) << (32 - piece.start - piece.length);
    rest = Math.floor(rest / size);
  }
  return { word: bits.word >>> 0, prefix: bits.prefix >>> 0 };
}

/** The mnemonic's suffix for each field that makes one, in order. */
const suffixes = [
  ['OE', 'o'],
  ['LK', 'l'],
  ['AA', 'a'],
  ['Rc', '.'],
] as const;

/** Full mnemonic of a word: base and the suffixes of the fields that are set. */
export function mnemonicOf(row: InstructionRow, pattern: Pattern, word: number): string {
  let text = row.mnemonic;
  for (const [name, suffix] of suffixes) {
    const piece = pattern.pieces.get(name);
    if (piece && ((word >>> (31 - piece.start)) & 1) === 1) text += suffix;
  }
  return text;
}

/** All full mnemonics of a row with the bits of the word (not of a prefix) that their suffixes set. */
export function mnemonicsOf(row: InstructionRow): readonly { readonly mnemonic: string; readonly bits: number }[] {
  const pattern = patternOf(row);
  let forms = [{ mnemonic: row.mnemonic, bits: pattern.value }];
  for (const [name, suffix] of suffixes) {
    const piece = pattern.pieces.get(name);
    if (!piece) continue;
    const bit = 2 ** (31 - piece.start);
    forms = forms.flatMap((form) => [form, { mnemonic: form.mnemonic + suffix, bits: form.bits + bit }]);
  }
  return forms;
}

/** What a meaning does with the builder. */
export interface Observation {
  /** Fields read as (RA|0). */
  readonly zeroBase: ReadonlySet<string>;
  /** Fields that name a GPR. */
  readonly register: ReadonlySet<string>;
  /** Builder methods that are called. */
  readonly methods: ReadonlySet<string>;
  /** Fields that are read, each with the method that does, in the order of their first use. */
  readonly uses: ReadonlySet<string>;
}

/** Runs a meaning (the variant of all zeros) on a builder that only takes notes. */
export function observe(row: InstructionRow, mode = { is64: true, littleEndian: true }): Observation {
  const zeroBase = new Set<string>();
  const register = new Set<string>();
  const called = new Set<string>();
  const uses = new Set<string>();
  const value = { type: 'i64' };
  const methods: Record<string, unknown> = {
    ...mode,
    fixed: () => 0,
    gprOr0: (field: { name: string }) => {
      zeroBase.add(field.name);
      return value;
    },
    if: (_: unknown, then: () => void, otherwise?: () => void) => {
      then();
      otherwise?.();
    },
  };
  const builder = new Proxy(methods, {
    get(target, name) {
      if (typeof name !== 'string' || name in target) return Reflect.get(target, name);
      return (...args: unknown[]) => {
        const [first] = args;
        called.add(name);
        for (const argument of args) {
          if (typeof argument === 'object' && argument !== null && 'name' in argument)
            uses.add(`${name} ${argument.name}`);
        }
        if (/gpr/i.test(name) && typeof first === 'object' && first !== null && 'name' in first) {
          register.add(String(first.name));
        }
        return value;
      };
    },
  });
  const fields = new Proxy({}, { get: (_, name) => ({ name }) });
  // The proxies answer every member of the two interfaces; nothing looks at the values.
  row.meaning(builder as unknown as Builder, fields as Fields);
  return { zeroBase, register, methods: called, uses };
}

const zeroBases = new WeakMap<InstructionRow, boolean>();

/** True when RA = 0 means the number zero: the meaning reads (RA|0), or does nothing with an address `RA,RB`. */
export function raIsZeroBase(row: InstructionRow): boolean {
  let known = zeroBases.get(row);
  if (known === undefined) {
    const { zeroBase, register } = observe(row);
    known = zeroBase.has('RA') || (!register.has('RA') && /^((CT|RT|RS),)?RA,RB(,TH|,L|$)/.test(row.operands));
    zeroBases.set(row, known);
  }
  return known;
}
