// Random cases for a row: instruction words whose operands make sense, and the few registers that they depend on.

import type { FieldName } from '../../src/isa/field.ts';
import { encodeField, fieldWidth, observe, operandKind, operandNames, raIsZeroBase } from '../../src/isa/operand.ts';
import type { InstructionRow } from '../../src/isa/row.ts';
import { patternOf } from '../../src/isa/row-pattern.ts';
import { block, generator, type Style, windowAddress } from '../../test/instructions/machine-state.ts';
import type { Change } from '../../test/instructions/vector-format.ts';

/** What to run; results are to be recorded. */
export interface CaseInput {
  readonly words: readonly number[];
  readonly seed: number;
  readonly style: Style;
  readonly before: readonly Change[];
}

/** Rows that cannot be recorded in a user program, or have nothing to record, with the reason. */
const excluded: readonly (readonly [RegExp, string])[] = [
  [/^(sc|scv|rfebb|wait|sync|isync|eieio|tbegin\.|tend\.|tcheck|tsr\.|tabort.*)$/, 'acts on the system'],
  [/^(icbi|icbt|dcb(t|tst|st|f)|copy|paste\.|cpabort)$/, 'acts on caches'],
  [/^(darn|mftb)$/, 'differs from run to run'],
  [/^(lmw|stmw|lsw[ix]|stsw[ix])$/, 'exists in big-endian mode only'],
  [/^t[wd]i?$/, 'ends the program when it traps'],
  [/^hash/, 'keys that a program cannot know'],
  [
    /^(fre|frsqrte|xs(re|rsqrte)|xv(re|rsqrte)|vrefp|vrsqrtefp|vexptefp|vlogefp)/,
    'an estimate, different on each implementation',
  ],
];

/** Reason why a row is not recorded, or undefined. */
export function exclusion(row: InstructionRow): string | undefined {
  if (row.privilege !== undefined && row.privilege !== 'problem') return 'privileged';
  return excluded.find(([names]) => names.test(row.mnemonic))?.[1];
}

/** Values for the vector-scalar registers that suit a row. */
function stylesOf(row: InstructionRow): readonly Style[] {
  const name = row.mnemonic;
  if (row.facility === 'DFP') {
    if (/^denbcd/.test(name)) return ['packed'];
    if (/^dcffix/.test(name)) return ['integer', 'random'];
    if (name === 'dctfixqq') return ['decimalQuad'];
    if (/^diex/.test(name)) return ['decimalFloat', 'integer'];
    return name.endsWith('q') && name !== 'dctqpq' ? ['decimalQuad'] : ['decimalFloat'];
  }
  if (/^bcdcfn/.test(name)) return ['national', 'national', 'national', 'random'];
  if (/^bcdcfz/.test(name)) return ['zoned', 'zoned', 'zoned', 'random'];
  if (/^bcd|national|zoned|vmul10/.test(name)) return ['decimal', 'decimal', 'decimal', 'random'];
  if (/xvbf16ger/.test(name)) return ['single', 'bfloat', 'bfloat', 'integer'];
  if (/xvf16ger/.test(name)) return ['half', 'half', 'half', 'single'];
  if (/xvf32ger/.test(name)) return ['single', 'single', 'single', 'double', 'integer'];
  if (/xvf64ger/.test(name)) return ['double', 'double', 'double', 'integer'];
  if (/qp|quad/.test(name)) return ['quad', 'quad', 'quad', 'double', 'integer'];
  if (/hp$|hpdp$|hpsp$/.test(name)) return ['half', 'half', 'single', 'double'];
  if (/^xv.*sp|^v.*fp$|^v[cr]f|^vct|^xv.*sxw|^xv.*uxw/.test(name))
    return ['single', 'single', 'single', 'double', 'integer'];
  if (/^(fadds|fsubs|fmuls|fdivs|fsqrts|fn?m(add|sub)s|xs.*sp$)/.test(name)) return ['narrow'];
  if (/^(f|lf|stf|mtf|mff|mcrfs|xs|lxs|stxs)|^xv.*dp|^xv/.test(name))
    return ['double', 'double', 'double', 'single', 'integer'];
  return ['random', 'integer'];
}

const validBo = [0, 2, 4, 6, 7, 8, 10, 12, 14, 15, 16, 18, 20, 24, 25, 26, 27];
const loadFunctions = [0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 24, 25, 28];
const storeFunctions = [0, 1, 2, 3, 4, 5, 6, 7, 24];
const userSprs = [1, 8, 9, 256, 815];

const memoryMethods = ['load', 'store', 'loadVector', 'storeVector', 'loadReserve', 'storeConditional'];

/** True for rows that load or store where their address registers say. */
export function accessesMemory(row: InstructionRow): boolean {
  const { methods } = observe(row);
  return (
    memoryMethods.some((name) => methods.has(name)) ||
    /^(dcbz|st?xvl*l?$|lxvll?$|lxvp|stxvll?$|hash)/.test(row.mnemonic)
  );
}

/** Random words of one row. */
export class CaseGenerator {
  readonly #row: InstructionRow;
  readonly #next: () => number;
  readonly #names: readonly FieldName[];
  readonly #memory: boolean;

  constructor(row: InstructionRow, seed: number) {
    this.#row = row;
    this.#next = generator(seed);
    this.#names = operandNames(row);
    this.#memory = accessesMemory(row);
  }

  #below(limit: number): number {
    return this.#next() % limit;
  }

  #pick<T>(list: readonly [T, ...T[]] | readonly T[]): T {
    // No list here is empty.
    return list[this.#below(list.length)] as T;
  }

  /** A value for a field that is not tied to others. */
  #free(name: FieldName, width: number): number {
    const { mnemonic } = this.#row;
    switch (name) {
      case 'BO':
        return this.#pick(mnemonic === 'bcctr' ? validBo.filter((bo) => (bo & 4) !== 0) : validBo);
      case 'BD':
      case 'LI':
        return 8;
      case 'AA':
        return 0;
      case 'FC':
        return this.#pick(mnemonic.startsWith('l') ? loadFunctions : storeFunctions);
      case 'FXM':
        return /ocrf/.test(mnemonic) ? 1 << this.#below(8) : this.#below(256);
      case 'spr':
        return this.#pick(userSprs);
      case 'IMM':
        // Of xxgenpcv…m: the others are reserved.
        return this.#below(4);
      case 'CY':
        return 0;
      case 'RTp':
      case 'RSp':
        return 2 * this.#below(14);
      case 'FRTp':
      case 'FRSp':
      case 'FRAp':
      case 'FRBp':
        return 2 * this.#below(16);
      default:
        if (width > 32) return this.#next() * 2 ** (width - 32) + this.#below(2 ** (width - 32));
        return operandKind(name) === 'gpr' ? this.#below(29) : this.#next() % 2 ** width;
    }
  }

  /** Field values of one word. */
  #fields(): Map<FieldName, number> {
    const pattern = patternOf(this.#row);
    const names = new Set<FieldName>([...this.#names, ...(['OE', 'Rc', 'LK', 'AA'] as const)]);
    const values = new Map<FieldName, number>();
    for (const name of names) {
      const width = fieldWidth(pattern, name);
      if (width > 0) values.set(name, this.#free(name, width));
    }
    // What is relative to the instruction is a place in the program, which has nothing to load.
    if (values.has('D34')) values.set('R', 0);
    if (values.has('SI34') && values.get('R') === 1) values.set('RA', 0);
    return values;
  }

  /** True when an operand is part of the accumulator. */
  #overlaps(values: Map<FieldName, number>): boolean {
    const accumulator = values.get('AT');
    const sources = [values.get('XA'), values.get('XB')].map((n) => n !== undefined && n >> 2);
    const pair = values.get('XAp');
    return accumulator !== undefined && [...sources, pair !== undefined && pair >> 1].includes(accumulator);
  }

  /** True when register numbers clash: a base that is also a target or an index, where that is an invalid form. */
  #clashes(values: Map<FieldName, number>): boolean {
    const { mnemonic } = this.#row;
    const [ra, rb] = [values.get('RA'), values.get('RB')];
    const target = values.get('RT') ?? values.get('RTp');
    if (!this.#memory) return false;
    if (ra !== undefined && ra === rb) return true;
    const update = !raIsZeroBase(this.#row);
    if (update && (ra === 0 || ra === values.get('RT'))) return true;
    if (/^p?lq$/.test(mnemonic) && ra === target) return true;
    if (
      mnemonic === 'lqarx' &&
      (ra === target || rb === target || ra === (target ?? 0) + 1 || rb === (target ?? 0) + 1)
    )
      return true;
    if (/^l[wd]at$/.test(mnemonic))
      return (target ?? 0) > 26 || ((ra ?? 0) >= (target ?? 0) && (ra ?? 0) <= (target ?? 0) + 2);
    return false;
  }

  /** Makes the address registers reach the memory window; the displacement or index keeps its random value. */
  #address(values: Map<FieldName, number>): Change[] {
    const { mnemonic, operands } = this.#row;
    const aligned = /arx$|cx\.$|^p?lq$|^p?stq$|at$/.test(mnemonic);
    const ea = windowAddress + 32 + (mnemonic === 'dcbz' ? 0 : aligned ? 16 * this.#below(2) : this.#below(32));
    const ra = values.get('RA') ?? 0;
    const rb = values.get('RB');
    const base = ra !== 0 || !raIsZeroBase(this.#row);
    const gpr = (n: number, value: number): Change => ({
      index: block.gpr / 8 + n,
      value: BigInt(value),
      relative: false,
    });
    const displacement = (['D', 'DS', 'DQ', 'D34'] as const).find((name) => values.has(name));
    if (displacement !== undefined) {
      const unit = { D: 1, DS: 4, DQ: 16, D34: 1 }[displacement];
      if (base) {
        const bits = displacement === 'D34' ? this.#pick([8, 17, 34]) : 16;
        const any = (this.#next() % 2 ** Math.min(bits, 32)) * 2 ** Math.max(bits - 32, 0);
        const distance = Math.floor((any - 2 ** (bits - 1)) / unit) * unit;
        values.set(displacement, distance);
        return [gpr(ra, ea - distance)];
      }
      // Without a base only the lowest addresses could be reached, where nothing is mapped.
      values.set('RA', 7);
      return this.#address(values);
    }
    if (/^st?xvll?$|^lxvll?$/.test(mnemonic) || /^l[wd]at$|^st[wd]at$/.test(mnemonic) || !operands.includes('RB')) {
      if (!base) values.set('RA', 7);
      const at = gpr(base ? ra : 7, ea);
      if (rb === undefined || rb === at.index) return [at];
      return [at, { index: rb, value: BigInt(this.#below(20)) << 56n, relative: false }];
    }
    if (rb === undefined) return [];
    const distance = base ? this.#below(0x4000) - 0x2000 : 0;
    return base ? [gpr(ra, ea - distance), gpr(rb, distance)] : [gpr(rb, ea)];
  }

  /** The next case. */
  next(): CaseInput {
    let values = this.#fields();
    while (this.#clashes(values) || this.#overlaps(values)) values = this.#fields();
    const { mnemonic } = this.#row;
    const before = this.#memory ? this.#address(values) : [];
    const pattern = patternOf(this.#row);
    let word = pattern.value;
    let prefix = pattern.prefix?.value ?? 0;
    for (const [name, value] of values) {
      const signed = operandKind(name) === 'signed' && !this.#memory;
      const bits = encodeField(pattern, name, signed ? this.#signed(name, fieldWidth(pattern, name), value) : value);
      word += bits?.word ?? 0;
      prefix += bits?.prefix ?? 0;
    }
    word >>>= 0;
    const words = pattern.prefix ? [prefix >>> 0, word] : [word];
    if (/^b(c|clr|cctr|ctar)?$/.test(mnemonic)) {
      // A branch that is taken passes over `addi 29,0,1`.
      words.push(0x3ba0_0001);
      if (mnemonic !== 'b' && mnemonic !== 'bc') {
        const offset = { bclr: block.lr, bcctr: block.ctr, bctar: block.tar }[mnemonic] ?? block.lr;
        before.push({ index: offset / 8, value: 8n, relative: true });
      }
    }
    const conditional = /^st([bhwdq])cx\.$/.exec(mnemonic);
    if (conditional !== null && this.#below(4) !== 0) words.unshift(this.#reserve(conditional[1] ?? '', values));
    return { words, seed: this.#next(), style: this.#pick(stylesOf(this.#row)), before };
  }

  /** The unsigned reading of a signed field, as a number that {@link encodeField} takes. */
  #signed(name: FieldName, width: number, value: number): number {
    const scale = { D: 1, SI: 1, SIM: 1, DS: 4, DQ: 16, LI: 1, BD: 1, d: 1 }[name as string] ?? 1;
    if (name === 'LI' || name === 'BD') return value;
    return (value >= 2 ** (width - 1) ? value - 2 ** width : value) * scale;
  }

  /** The load-and-reserve of a store conditional's size and address. */
  #reserve(size: string, values: Map<FieldName, number>): number {
    const code = { b: 52, h: 116, w: 20, d: 84, q: 276 }[size] ?? 84;
    const address = ((values.get('RA') ?? 0) << 16) | ((values.get('RB') ?? 0) << 11);
    // Into GPR 28 (and 29): not otherwise used when RA and RB are others.
    const target =
      [28, 26, 24].find((n) => ![values.get('RA'), values.get('RB')].some((r) => r === n || r === n + 1)) ?? 28;
    return ((31 << 26) | (target << 21) | address | (code << 1)) >>> 0;
  }
}
