// A small assembler for test guests: base and common extended mnemonics, labels, data directives, expressions.
import { disassembleRow } from './disassemble.ts';
import { ExpressionError, evaluate, type Symbols } from './expression.ts';
import { expandExtended, type Statement } from './extended-mnemonics.ts';
import { type FieldName, fieldValue } from './field.ts';
import { encodeField, type InstructionBits, mnemonicsOf, operandKind, operandNames, operandScale } from './operand.ts';
import type { InstructionRow } from './row.ts';
import { bytesOf, patternOf } from './row-pattern.ts';
import { instructionTable } from './table.ts';

/** What to assemble for. */
export interface AssembleOptions {
  /** Address of the first byte; default 0. */
  readonly origin?: bigint;
  /** Byte order of instructions and data; default little. */
  readonly littleEndian?: boolean;
  /** Values of symbols that the source does not define. */
  readonly symbols?: Readonly<Record<string, bigint>>;
}

/** The result: bytes from the origin on, and every label and symbol. */
export interface Assembled {
  readonly origin: bigint;
  readonly bytes: Uint8Array;
  readonly symbols: ReadonlyMap<string, bigint>;
}

/** A mistake in the source: which line, and what is wrong. */
export class AssembleError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
    this.line = line;
  }
}

interface Form {
  readonly row: InstructionRow;
  readonly bits: number;
  readonly names: readonly FieldName[];
}

let forms: Map<string, Form[]> | undefined;

/** Encodings by full mnemonic, made at first use. */
function formsOf(mnemonic: string): readonly Form[] {
  if (forms === undefined) {
    forms = new Map();
    for (const row of instructionTable) {
      const names = operandNames(row);
      for (const { mnemonic: full, bits } of mnemonicsOf(row)) {
        const list = forms.get(full) ?? [];
        list.push({ row, bits, names });
        forms.set(full, list);
      }
    }
  }
  return forms.get(mnemonic) ?? [];
}

/** Operands that may be left out at the end, and are then 0. */
const optional: ReadonlySet<FieldName> = new Set([
  'BH',
  'EH',
  'LEV',
  'L',
  'SC',
  'TH',
  'WC',
  'PL',
  'RIC',
  'PRS',
  'R',
  'IH',
]);

/** Symbols that stand for registers and CR bits. */
function registerSymbol(name: string): bigint | undefined {
  const match = /^(?:(r|f|v)(\d|[12]\d|3[01])|vs(\d|[1-5]\d|6[0-3])|(?:cr|a)([0-7]))$/.exec(name);
  if (match !== null) return BigInt(match[2] ?? match[3] ?? match[4] ?? 0);
  const bit = ({ lt: 0, gt: 1, eq: 2, so: 3, un: 3, sp: 1 } as const)[name];
  return bit === undefined ? undefined : BigInt(bit);
}

/** Splits at commas outside parentheses and quotes. */
function splitOperands(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let current = '';
  for (const [i, character] of [...text].entries()) {
    if (character === '"' && text[i - 1] !== '\\') quoted = !quoted;
    if (!quoted && character === '(') depth++;
    if (!quoted && character === ')') depth--;
    if (character === ',' && depth === 0 && !quoted) {
      parts.push(current.trim());
      current = '';
    } else {
      current += character;
    }
  }
  if (current.trim() !== '' || parts.length > 0) parts.push(current.trim());
  return parts;
}

/** `8(r1)` as its two operands; other operands as they are. */
function splitBase(operand: string): readonly string[] {
  const match = /^(.*?)\(\s*(r?\d+|[a-z]\w*)\s*\)$/.exec(operand);
  return match === null || match[1] === undefined || /[-+*/%&|^~<>(]$/.test(match[1].trim())
    ? [operand]
    : [match[1].trim() === '' ? '0' : match[1], match[2] ?? ''];
}

function encode(statement: Statement, address: bigint, symbols: Symbols): InstructionBits {
  const candidates = formsOf(statement.mnemonic);
  if (candidates.length === 0) throw new ExpressionError(`unknown instruction "${statement.mnemonic}"`);
  const operandsFor = ({ row }: Form) => {
    return row.operands.includes('(') ? statement.operands.flatMap(splitBase) : statement.operands;
  };
  const accepts = (form: Form) => {
    const count = operandsFor(form).length;
    return form.names.length >= count && form.names.slice(count).every((name) => optional.has(name));
  };
  const form =
    candidates.find((candidate) => candidate.names.length === operandsFor(candidate).length) ??
    candidates.find(accepts);
  if (form === undefined) {
    const expected = candidates.map(({ row }) => `${statement.mnemonic} ${row.operands}`).join(' or ');
    throw new ExpressionError(`wrong number of operands, expected ${expected}`);
  }
  const operands = operandsFor(form);
  let word = form.bits;
  let prefix = patternOf(form.row).prefix?.value ?? 0;
  for (const [i, name] of form.names.entries()) {
    const bits = fieldBits(form, name, operands[i] ?? '0', address, symbols);
    word += bits.word;
    prefix += bits.prefix;
  }
  return { word: word >>> 0, prefix: prefix >>> 0 };
}

function fieldBits(form: Form, name: FieldName, operand: string, address: bigint, symbols: Symbols): InstructionBits {
  const pattern = patternOf(form.row);
  let value = evaluate(operand, symbols);
  if (operandKind(name) === 'branch') {
    const absolute = pattern.pieces.has('AA') && fieldValue(pattern, 'AA', form.bits) === 1;
    value = BigInt.asIntN(64, absolute ? value : value - address);
  }
  if (name === 'NB' && value === 32n) value = 0n;
  const scaled = Number(value) / operandScale(name);
  const bits = encodeField(pattern, name, scaled);
  if (bits === undefined) {
    throw new ExpressionError(
      `operand ${name} of ${disassembleRow(form.row, form.bits).split(' ')[0]} cannot be ${operand} (${value})`,
    );
  }
  return bits;
}

const dataSizes: Readonly<Record<string, number>> = {
  '.byte': 1,
  '.short': 2,
  '.hword': 2,
  '.2byte': 2,
  '.long': 4,
  '.int': 4,
  '.4byte': 4,
  '.quad': 8,
  '.8byte': 8,
};

const ignoredDirectives: ReadonlySet<string> = new Set([
  '.globl',
  '.global',
  '.text',
  '.data',
  '.section',
  '.machine',
  '.type',
  '.size',
]);

/** Text of a quoted string with its escapes, as bytes. */
function stringBytes(operand: string): Uint8Array {
  if (!/^".*"$/s.test(operand)) throw new ExpressionError(`expected a quoted string, not ${operand}`);
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' };
  const text = operand.slice(1, -1).replaceAll(/\\(.)/g, (_, c: string) => escapes[c] ?? c);
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code > 0xff) throw new ExpressionError(`character "${character}" is not one byte`);
    bytes.push(code);
  }
  return Uint8Array.from(bytes);
}

interface Line {
  readonly number: number;
  readonly labels: readonly string[];
  readonly mnemonic: string;
  readonly operands: readonly string[];
}

function parseLines(source: string): Line[] {
  const lines: Line[] = [];
  for (const [i, full] of source.split('\n').entries()) {
    const code = full.replace(/("(?:\\.|[^"\\])*")|(?:#|\/\/).*$/g, (_, quoted?: string) => quoted ?? '');
    for (const part of code.split(/;(?=(?:[^"]*"[^"]*")*[^"]*$)/)) {
      const labels: string[] = [];
      let rest = part.trim();
      for (
        let match = /^([A-Za-z_.$][\w.$]*|\d+):\s*/.exec(rest);
        match !== null;
        match = /^([A-Za-z_.$][\w.$]*|\d+):\s*/.exec(rest)
      ) {
        labels.push(match[1] ?? '');
        rest = rest.slice(match[0].length);
      }
      if (rest === '' && labels.length === 0) continue;
      const space = rest.search(/\s/);
      const mnemonic = space < 0 ? rest : rest.slice(0, space);
      lines.push({ number: i + 1, labels, mnemonic, operands: space < 0 ? [] : splitOperands(rest.slice(space)) });
    }
  }
  return lines;
}

const nop = 0x6000_0000n;

/** One run over the source; sizes do not depend on forward symbols, so a second run has all values. */
class Pass {
  readonly bytes: number[] = [];
  readonly symbols: Map<string, bigint>;
  readonly #numbered: Map<string, readonly bigint[]>;
  readonly #seen = new Map<string, bigint[]>();
  readonly #options: AssembleOptions;
  readonly #final: boolean;

  constructor(options: AssembleOptions, previous?: Pass) {
    this.#options = options;
    this.#final = previous !== undefined;
    this.symbols = new Map(previous?.symbols ?? Object.entries(options.symbols ?? {}));
    this.#numbered = previous ? previous.#seen : new Map();
  }

  get here(): bigint {
    return (this.#options.origin ?? 0n) + BigInt(this.bytes.length);
  }

  #lookUp: Symbols = (name) => {
    if (name === '.') return this.here;
    const local = /^(\d+)([bf])$/.exec(name);
    if (local !== null) {
      const places = this.#final ? (this.#numbered.get(local[1] ?? '') ?? []) : [this.here];
      if (!this.#final) return this.here;
      return local[2] === 'b'
        ? places.findLast((place) => place <= this.here)
        : places.find((place) => place > this.here);
    }
    return this.symbols.get(name) ?? registerSymbol(name) ?? (this.#final ? undefined : this.here);
  };

  #value(text: string | undefined): bigint {
    if (text === undefined || text === '') throw new ExpressionError('an operand is missing');
    return evaluate(text, this.#lookUp);
  }

  #emit(value: bigint, size: number): void {
    const little = this.#options.littleEndian ?? true;
    for (let i = 0; i < size; i++) {
      this.bytes.push(Number((value >> BigInt(8 * (little ? i : size - 1 - i))) & 0xffn));
    }
  }

  #fill(count: bigint, value = 0): void {
    if (count < 0n || count > 0x1000_0000n) throw new ExpressionError(`cannot skip ${count} bytes`);
    for (let i = 0n; i < count; i++) this.bytes.push(value);
  }

  #directive(name: string, operands: readonly string[]): boolean {
    const size = dataSizes[name];
    if (size !== undefined) {
      for (const operand of operands) this.#emit(this.#value(operand), size);
      return true;
    }
    switch (name) {
      case '.ascii':
      case '.asciz':
      case '.string':
        for (const operand of operands) this.bytes.push(...stringBytes(operand), ...(name === '.ascii' ? [] : [0]));
        return true;
      case '.align':
      case '.p2align':
      case '.balign': {
        const amount = this.#value(operands[0]);
        const unit = name === '.balign' ? amount : 1n << amount;
        this.#fill((unit - (this.here % unit)) % unit);
        return true;
      }
      case '.skip':
      case '.space':
        this.#fill(this.#value(operands[0]), Number(this.#value(operands[1] ?? '0')));
        return true;
      case '.org':
        this.#fill(this.#value(operands[0]) - this.here);
        return true;
      case '.set':
      case '.equ':
        this.symbols.set(operands[0] ?? '', this.#value(operands[1]));
        return true;
      default:
        return ignoredDirectives.has(name);
    }
  }

  #label(name: string): void {
    if (/^\d/.test(name)) {
      this.#seen.set(name, [...(this.#seen.get(name) ?? []), this.here]);
      return;
    }
    if (!this.#final && this.symbols.has(name)) throw new ExpressionError(`"${name}" is defined twice`);
    this.symbols.set(name, this.here);
  }

  run(line: Line): void {
    const isInstruction = line.mnemonic !== '' && !line.mnemonic.startsWith('.');
    const statement = isInstruction ? inBaseMnemonics(line) : undefined;
    const row = statement && formsOf(statement.mnemonic)[0]?.row;
    const bytes = row ? bytesOf(row) : 4;
    // A prefixed instruction must not cross a 64-byte boundary (Book I, section 1.6.3).
    if (bytes === 8 && this.here % 64n === 60n) this.#emit(nop, 4);
    for (const label of line.labels) this.#label(label);
    if (line.mnemonic === '') return;
    if (statement === undefined) {
      if (!this.#directive(line.mnemonic, line.operands))
        throw new ExpressionError(`unknown directive ${line.mnemonic}`);
      return;
    }
    if (!this.#final) {
      this.#emit(0n, bytes);
      return;
    }
    const { prefix, word } = encode(statement, this.here, this.#lookUp);
    if (bytes === 8) this.#emit(BigInt(prefix), 4);
    this.#emit(BigInt(word), 4);
  }
}

/** The statement itself, or what its extended mnemonic stands for. */
function inBaseMnemonics(statement: Statement): Statement {
  return formsOf(statement.mnemonic).length > 0 ? statement : (expandExtended(statement) ?? statement);
}

/**
 * Assembles a source text. Numbers and registers may be mixed freely (`r3` is 3), as in GNU as with -mregnames.
 * Throws {@link AssembleError} at the first mistake.
 */
export function assemble(source: string, options: AssembleOptions = {}): Assembled {
  const lines = parseLines(source);
  let pass: Pass | undefined;
  for (const previous of [false, true]) {
    const next: Pass = new Pass(options, previous ? pass : undefined);
    for (const line of lines) {
      try {
        next.run(line);
      } catch (error) {
        if (error instanceof ExpressionError) throw new AssembleError(line.number, error.message);
        throw error;
      }
    }
    pass = next;
  }
  // The loop above ran twice.
  const { bytes, symbols } = pass as Pass;
  return { origin: options.origin ?? 0n, bytes: Uint8Array.from(bytes), symbols };
}
