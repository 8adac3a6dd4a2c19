// Random programs from the instruction table: rows with random operands, branches that stay inside, loops that end.
import { assemble } from '../../src/isa/assemble.ts';
import { existsIn } from '../../src/isa/decode.ts';
import { type FieldName, fieldValue, type Pattern } from '../../src/isa/field.ts';
import { encodeField, fieldWidth, type InstructionBits, operandKind } from '../../src/isa/operand.ts';
import type { InstructionRow } from '../../src/isa/row.ts';
import { patternOf } from '../../src/isa/row-pattern.ts';
import { instructionTable } from '../../src/isa/table.ts';
import type { IsaVersion } from '../../src/isa/version.ts';
import type { Random } from './random.ts';

/** Registers by their part in a program: the rest, GPR 0…23, is data. */
export const indexRegisters = [24, 25, 26, 27] as const;
export const pointerRegisters = [28, 29, 30, 31] as const;

const isMemory = (row: InstructionRow) =>
  /^(p?l|p?st|dcb|icb|hash)/.test(row.mnemonic) && patternOf(row).pieces.has('RA');
const isBranch = (row: InstructionRow) => patternOf(row).pieces.has('BO') || row.mnemonic === 'b';
const isCondition = (row: InstructionRow) =>
  /^(cr|mcrf|mcrx|mtcrf|mtocrf|mfcr|mfocrf|set)/.test(row.mnemonic) || row.operands.includes('BF');
const isScalar = (row: InstructionRow) => /^(f|mtfs|mffs|mcrfs)/.test(row.mnemonic) && !isMemory(row);
const isCompare = (row: InstructionRow) => /^cmpl?i?$/.test(row.mnemonic);
/** What programs do with the result of a comparison. */
const conditionUsers = instructionTable.filter(({ mnemonic }) => ['bc', 'isel', 'mfcr', 'cror'].includes(mnemonic));
const isData = (row: InstructionRow) =>
  row.facility !== undefined || row.facilityByField !== undefined || /^(v|x|f)/.test(row.mnemonic);

/** Rows by what they do, with the share of a program that they get. */
const groups: readonly { readonly share: number; readonly test: (row: InstructionRow) => boolean }[] = [
  { share: 0.08, test: isCompare },
  { share: 0.1, test: (row) => isMemory(row) && row.hot === true },
  { share: 0.1, test: isMemory },
  { share: 0.12, test: isBranch },
  { share: 0.1, test: isCondition },
  { share: 0.1, test: (row) => isData(row) && !isMemory(row) },
  { share: 0.08, test: (row) => isScalar(row) },
  { share: 0.05, test: (row) => isScalar(row) && /fs/.test(row.mnemonic) },
  { share: 0.06, test: (row) => row.prefix !== undefined },
  { share: 0.03, test: (row) => /ger\d?|acc|hash/.test(row.mnemonic) },
  { share: 0.16, test: (row) => row.hot === true && !isMemory(row) && !isBranch(row) },
  { share: 0.12, test: (row) => !isData(row) && !isMemory(row) && row.privilege === undefined },
  { share: 0.05, test: () => true },
];

const rowsOfEdition = new Map<IsaVersion, readonly (readonly InstructionRow[])[]>();

function rowsIn(edition: IsaVersion): readonly (readonly InstructionRow[])[] {
  let rows = rowsOfEdition.get(edition);
  if (!rows) {
    const existing = instructionTable.filter((row) => existsIn(row, edition));
    rows = groups.map(({ test }) => existing.filter(test));
    rowsOfEdition.set(edition, rows);
  }
  return rows;
}

function pickRow(random: Random, edition: IsaVersion): InstructionRow {
  const rows = rowsIn(edition);
  let at = random.word() / 2 ** 32;
  for (const [i, { share }] of groups.entries()) {
    at -= share;
    // An older edition has nothing of some groups.
    const some = rows[i] ?? [];
    if (at < 0 && some.length > 0) return random.pick(some);
  }
  return random.pick(rows.at(-1) ?? []);
}

/** XER, LR, CTR, TAR, VRSAVE, SRR0, SRR1, DAR, DSISR, SPRG0…3, time base. */
const usualSprs = [1, 8, 9, 815, 256, 26, 27, 19, 18, 272, 273, 274, 275, 268];
/** BO values: always, CR bit true or false, CTR with and without it. */
const usualBo = [20, 12, 4, 16, 18, 8, 0, 10, 2, 16, 16];

/** Where an instruction stands in its program. */
interface Place {
  readonly index: number;
  readonly length: number;
  /** CR field that was set last. */
  readonly field: number;
}

/** Distance in bytes to a branch target inside the program: forward mostly, a short loop else. */
function branchDistance(random: Random, { index, length }: Place): number {
  const ahead = length - index;
  const distance = random.chance(0.65)
    ? random.between(1, Math.min(ahead, 12))
    : -random.between(0, Math.min(index, 10));
  return 4 * distance;
}

function fieldChoice(random: Random, row: InstructionRow, name: FieldName, place: Place): number | undefined {
  const memory = isMemory(row);
  switch (name) {
    case 'LI':
    case 'BD':
      return branchDistance(random, place);
    case 'AA':
      return random.chance(0.02) ? 1 : 0;
    case 'LK':
      return random.chance(0.2) ? 1 : 0;
    case 'BO':
      return random.pick(usualBo);
    case 'BI':
      // Mostly what was compared just before: such pairs are translated as one.
      return random.chance(0.7) ? 4 * place.field + random.below(4) : random.below(12);
    case 'spr':
      return random.chance(0.9) ? random.pick(usualSprs) : random.below(1024);
    case 'RA':
      if (memory) return random.chance(0.95) ? random.pick(pointerRegisters) : 0;
      break;
    case 'RB':
      if (memory) return random.pick(indexRegisters);
      break;
    case 'R':
      // Relative to the instruction, where the program is.
      return random.chance(0.15) ? 1 : 0;
    case 'D34':
      return random.chance(0.95) ? random.between(-24, 40) : random.between(-(2 ** 33), 2 ** 33 - 1);
    case 'D':
    case 'SI':
      return memory || random.chance(0.5) ? random.between(-24, 40) : undefined;
    case 'DS':
      return 4 * random.between(-6, 10);
    case 'DQ':
      return 16 * random.between(-2, 3);
    default:
      break;
  }
  const kind = operandKind(name);
  if (kind === 'gpr') return random.chance(0.85) ? random.below(name.endsWith('p') ? 6 : 12) : random.below(24);
  // Few registers, so that one instruction's result is another's operand.
  if (kind === 'fpr' || kind === 'vr' || kind === 'vsr') return random.chance(0.8) ? random.below(6) : undefined;
  return undefined;
}

/** Fields that a pattern has only in pieces. */
const composites = ['XT', 'XS', 'XA', 'XB', 'XC', 'spr', 'D34', 'SI34'] as const;

/** A value of all the field's bits that `encodeField` takes for any kind of field. */
function anyValue(random: Random, pattern: Pattern, name: FieldName): number {
  const width = fieldWidth(pattern, name);
  const value = random.below(2 ** width);
  return encodeField(pattern, name, value) === undefined ? 0 : value;
}

/** The prefix, 0 when there is none, and the word. */
function randomInstruction(random: Random, row: InstructionRow, place: Place): InstructionBits {
  const pattern = patternOf(row);
  let { value: word } = pattern;
  let prefix = pattern.prefix?.value ?? 0;
  for (const name of pattern.pieces.keys()) {
    const value = fieldChoice(random, row, name, place) ?? anyValue(random, pattern, name);
    const bits = encodeField(pattern, name, value);
    word |= bits?.word ?? 0;
    prefix |= bits?.prefix ?? 0;
  }
  for (const name of composites) {
    const width = pattern.pieces.has(name) ? 0 : fieldWidth(pattern, name);
    const value = width < 6 ? undefined : fieldChoice(random, row, name, place);
    if (value === undefined) continue;
    const ones = encodeField(pattern, name, 2 ** width - 1);
    const bits = encodeField(pattern, name, value);
    word = (word & ~(ones?.word ?? 0)) | (bits?.word ?? 0);
    prefix = (prefix & ~(ones?.prefix ?? 0)) | (bits?.prefix ?? 0);
  }
  const bits = { word: word >>> 0, prefix: prefix >>> 0 };
  return fieldIsSet(pattern, 'R', bits) && random.chance(0.9) ? relative(random, pattern, bits) : bits;
}

function fieldIsSet(pattern: Pattern, name: FieldName, { word, prefix }: InstructionBits): boolean {
  return pattern.prefix !== undefined && pattern.pieces.has(name) && fieldValue(pattern, name, word, prefix) !== 0;
}

/** A valid form with R = 1: no base register, and a displacement from the code to the data behind it. */
function relative(random: Random, pattern: Pattern, { word, prefix }: InstructionBits): InstructionBits {
  const name = pattern.pieces.has('d0') ? 'D34' : 'SI34';
  const ones = encodeField(pattern, name, 2 ** 34 - 1);
  const base = encodeField(pattern, 'RA', 31);
  const bits = encodeField(pattern, name, 0x3_0100 + random.below(0x3000));
  return {
    word: ((word & ~((ones?.word ?? 0) | (base?.word ?? 0))) | (bits?.word ?? 0)) >>> 0,
    prefix: ((prefix & ~(ones?.prefix ?? 0)) | (bits?.prefix ?? 0)) >>> 0,
  };
}

/** A loop that walks through memory, across pages: accesses off one register, which goes up or down. */
function randomWalk(random: Random): number[] {
  const register = random.pick(pointerRegisters);
  const step = random.pick([8, 24, 64, 520, 2048]) * (random.chance(0.5) ? 1 : -1);
  const accesses = Array.from({ length: random.between(1, 3) }, () => {
    const mnemonic = random.pick(['lbz', 'lhz', 'lwz', 'ld', 'stw', 'std', 'lfd', 'stfd']);
    return `${mnemonic} ${random.below(12)}, ${4 * random.between(-16, 16)}(${register})`;
  });
  const lines = [...accesses, `addi ${register}, ${register}, ${step}`];
  return wordsOf(`again: ${lines.join('\n')}\nbdnz again`);
}

/** Accesses off one register by constants in another one, as vectors are saved. */
function randomSave(random: Random): number[] {
  const register = random.pick(pointerRegisters);
  const index = random.pick(indexRegisters);
  const unit = random.pick([1, 8, 16, 16]);
  const aligned = random.chance(0.6);
  const kinds = aligned ? ['lvx', 'stvx', 'lvx', 'lvewx'] : ['lxvd2x', 'stxvd2x', 'ldx', 'stwx', 'lfdx', 'stvebx'];
  const lines = Array.from({ length: random.between(2, 6) }, () => {
    const mnemonic = random.pick(kinds);
    const operands = random.chance(0.85) ? `${register}, ${index}` : `${index}, ${register}`;
    const constant = `li ${index}, ${unit * random.between(-12, 24)}\n`;
    const indexed = random.chance(0.75) ? constant : random.chance(0.5) ? `addi ${index}, ${index}, 24\n` : '';
    const moved = random.chance(0.3) ? `addi ${register}, ${register}, ${random.pick([8, 16, -32])}\n` : '';
    return `${indexed}${moved}${mnemonic} ${random.below(12)}, ${operands}`;
  });
  return wordsOf(lines.join('\n'));
}

function wordsOf(source: string): number[] {
  const { bytes } = assemble(source);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
}

/** Instruction words of a random program. The last one branches to the first. */
export function randomProgram(random: Random, edition: IsaVersion, length: number): number[] {
  const words: number[] = [];
  let field = 0;
  let compared = false;
  while (words.length < length - 1) {
    if (random.chance(0.08)) {
      const some = random.chance(0.5) ? randomWalk(random) : randomSave(random);
      words.push(...some.slice(0, length - 1 - words.length));
      compared = false;
      continue;
    }
    const afterCompare = compared && random.chance(0.6);
    const row = afterCompare ? random.pick(conditionUsers) : pickRow(random, edition);
    compared = isCompare(row);
    const { word, prefix } = randomInstruction(random, row, { index: words.length, length: length - 1, field });
    const pattern = patternOf(row);
    if (pattern.pieces.has('BF')) field = fieldValue(pattern, 'BF', word);
    else if (pattern.pieces.has('Rc') && (word & 1) === 1) field = 0;
    if (prefix !== 0 && words.length < length - 2) words.push(prefix);
    words.push(word);
  }
  words.push((0x4800_0000 | ((-4 * (length - 1)) & 0x3ff_fffc)) >>> 0);
  return words;
}
