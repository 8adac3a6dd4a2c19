// Instruction fields by the names that the Power ISA prints (Book I, section 1.6.3 "Instruction Fields").

/**
 * Every field that a row's pattern or meaning may name.
 * A composite field (see {@link compositeFields}) is made of pieces that stand apart in the word.
 */
export type FieldName =
  | 'RT'
  | 'RS'
  | 'RA'
  | 'RB'
  | 'RC'
  | 'RTp'
  | 'RSp'
  | 'FRT'
  | 'FRS'
  | 'FRA'
  | 'FRB'
  | 'FRC'
  | 'FRTp'
  | 'FRSp'
  | 'FRAp'
  | 'FRBp'
  | 'VRT'
  | 'VRS'
  | 'VRA'
  | 'VRB'
  | 'VRC'
  | 'T'
  | 'T2'
  | 'TX'
  | 'S'
  | 'SX'
  | 'A'
  | 'AX'
  | 'B'
  | 'BX'
  | 'C'
  | 'CX'
  | 'Tp'
  | 'XT'
  | 'XS'
  | 'XA'
  | 'XB'
  | 'XC'
  | 'XTp'
  | 'XSp'
  | 'XAp'
  | 'Ap'
  | 'D'
  | 'DS'
  | 'DQ'
  | 'SI'
  | 'UI'
  | 'SIM'
  | 'UIM'
  | 'SIX'
  | 'IMM8'
  | 'd0'
  | 'd1'
  | 'd2'
  | 'd'
  | 'DCM'
  | 'DGM'
  | 'SP'
  | 'TE'
  | 'dc'
  | 'dm'
  | 'dx'
  | 'DCMX'
  | 'DM'
  | 'SHW'
  | 'SHB'
  | 'EX'
  | 'R'
  | 'RMC'
  | 'RM'
  | 'DRM'
  | 'PS'
  | 'ST'
  | 'SIXB'
  | 'SHL'
  | 'RIC'
  | 'PRS'
  | 'IH'
  | 'MP'
  | 'IMM'
  | 'LI'
  | 'BD'
  | 'BO'
  | 'BI'
  | 'BH'
  | 'LK'
  | 'AA'
  | 'LEV'
  | 'BF'
  | 'BFA'
  | 'BT'
  | 'BA'
  | 'BB'
  | 'L'
  | 'L1'
  | 'L2'
  | 'W'
  | 'U'
  | 'FLM'
  | 'FXM'
  | 'BFB'
  | 'BFF'
  | 'SH'
  | 'MB'
  | 'ME'
  | 'sh'
  | 'sh04'
  | 'sh5'
  | 'mb'
  | 'mb04'
  | 'mb5'
  | 'OE'
  | 'Rc'
  | 'TO'
  | 'NB'
  | 'FC'
  | 'EH'
  | 'CT'
  | 'TH'
  | 'WC'
  | 'PL'
  | 'SC'
  | 'E'
  | 'CY'
  | 'Y'
  | 'spr'
  | 'sprlo'
  | 'sprhi'
  | 'tbr'
  | 'SR'
  | 'BHRBE'
  | 'BC'
  | 'XBI'
  | 'N'
  | 'P'
  | 'D34'
  | 'SI34'
  | 'si0'
  | 'si1'
  | 'IMM32'
  | 'imm0'
  | 'imm1'
  | 'IX'
  | 'UIM3'
  | 'AT'
  | 'XMSK'
  | 'YMSK'
  | 'PMSK'
  | 'DX'
  | 'DW'
  | 'HD';

/** Composite fields: pieces from most to least significant. */
export const compositeFields: Readonly<Partial<Record<FieldName, readonly FieldName[]>>> = {
  XT: ['TX', 'T'],
  XS: ['SX', 'S'],
  XA: ['AX', 'A'],
  XB: ['BX', 'B'],
  XC: ['CX', 'C'],
  XTp: ['TX', 'Tp'],
  XSp: ['SX', 'Tp'],
  XAp: ['AX', 'Ap'],
  sh: ['sh5', 'sh04'],
  mb: ['mb5', 'mb04'],
  d: ['d0', 'd1', 'd2'],
  spr: ['sprhi', 'sprlo'],
  DCMX: ['dc', 'dm', 'dx'],
  D34: ['d0', 'd1'],
  SI34: ['si0', 'si1'],
  IMM32: ['imm0', 'imm1'],
  HD: ['DX', 'DW'],
};

/**
 * Fields that are signed immediates, with the number of zero bits appended (D-form displacements and the like).
 * `XTp`, `XSp` and `XAp` count register pairs and are scaled by 2 in the meaning, not here.
 */
export const signedFields: Readonly<Partial<Record<FieldName, number>>> = {
  D: 0,
  SI: 0,
  SIM: 0,
  TE: 0,
  DS: 2,
  DQ: 4,
  LI: 2,
  BD: 2,
  d: 0,
  D34: 0,
  SI34: 0,
};

/**
 * Fields that count from a lowest value: HD of hashst and hashchk names one of the 64 doublewords below the base
 * (section 3.3.17).
 */
export const countedFields: Readonly<Partial<Record<FieldName, { readonly lowest: number; readonly unit: number }>>> = {
  HD: { lowest: -512, unit: 8 },
};

/** Fields whose value selects a variant of the meaning at build time unless a row says otherwise. */
export const fixedFields: readonly FieldName[] = ['OE', 'Rc', 'LK', 'AA'];

/** One piece of a 32-bit word: `start` is the MSB-0 bit number as printed in the manual. */
export interface Piece {
  readonly start: number;
  readonly length: number;
  /** It is in the prefix of a prefixed instruction. */
  readonly inPrefix: boolean;
}

/** Bits of a word that are fixed. */
export interface FixedBits {
  /** Bits that must match. */
  readonly mask: number;
  /** Their values. */
  readonly value: number;
}

/** A parsed pattern: which bits are fixed and where each named piece lies. */
export interface Pattern extends FixedBits {
  /** The same of the prefix, for a prefixed instruction; the rest is the suffix then. */
  readonly prefix: FixedBits | undefined;
  /** Named pieces. */
  readonly pieces: ReadonlyMap<FieldName, Piece>;
}

/** Parses the tokens of one word; its pieces are added to `pieces`. */
function parseWord(text: string, inPrefix: boolean, pieces: Map<FieldName, Piece>): FixedBits {
  let start = 0;
  let mask = 0;
  let value = 0;
  for (const token of text.split(' ')) {
    const colon = token.lastIndexOf(':');
    const name = token.slice(0, colon);
    const length = Number(token.slice(colon + 1));
    const ones = length === 32 ? -1 : (1 << length) - 1;
    const shift = 32 - start - length;
    if (/^[0-9]+$/.test(name)) {
      if (Number(name) >= 2 ** length) throw new Error(`pattern "${text}": ${name} has more than ${length} bits`);
      mask |= ones << shift;
      value |= (Number(name) & ones) << shift;
    } else if (name !== '/') {
      // The row tables are checked by a test that names an unknown field; the union is the list of known ones.
      pieces.set(name as FieldName, { start, length, inPrefix });
    }
    start += length;
  }
  if (start !== 32) throw new Error(`pattern "${text}" has ${start} bits, expected 32`);
  return { mask: mask >>> 0, value: value >>> 0 };
}

/**
 * Parses a pattern such as `31:6 RT:5 RA:5 RB:5 OE:1 266:9 Rc:1`: tokens from bit 0 on, `number:length` for fixed
 * bits, `/:length` for reserved bits (ignored), `NAME:length` for a field. The lengths must add up to 32. A prefixed
 * instruction has a second such text for its prefix (section 1.6.3).
 */
export function parsePattern(text: string, prefixText?: string): Pattern {
  const pieces = new Map<FieldName, Piece>();
  const prefix = prefixText === undefined ? undefined : parseWord(prefixText, true, pieces);
  return { ...parseWord(text, false, pieces), prefix, pieces };
}

/** Primary opcode 1: the word is the prefix of an instruction of eight bytes (section 1.6.3). */
export function isPrefix(word: number): boolean {
  return word >>> 26 === 1;
}

/** Looked up: fields are read for each instruction that is decoded or translated. */
const powersOfTwo = Array.from({ length: 65 }, (_, n) => 2 ** n);

function powerOfTwo(n: number): number {
  return powersOfTwo[n] ?? 2 ** n;
}

/** Value of one piece of a word (unsigned). */
export function pieceValue(word: number, piece: Piece): number {
  const shifted = word >>> (32 - piece.start - piece.length);
  return piece.length === 32 ? shifted : shifted & ((1 << piece.length) - 1);
}

/**
 * Value of a field of a word: composite fields joined, signed immediates sign-extended and scaled. A prefixed
 * instruction's word is its suffix, and `prefix` the other word. Throws (our own mistake) when the pattern lacks the field.
 */
export function fieldValue(pattern: Pattern, name: FieldName, word: number, prefix = 0): number {
  let value = 0;
  let length = 0;
  for (const part of compositeFields[name] && !pattern.pieces.has(name) ? compositeFields[name] : [name]) {
    const piece = pattern.pieces.get(part);
    if (!piece) throw new Error(`pattern has no field ${part}`);
    // Fields of prefixed instructions have up to 34 bits.
    value = value * powerOfTwo(piece.length) + pieceValue(piece.inPrefix ? prefix : word, piece);
    length += piece.length;
  }
  const scale = signedFields[name];
  if (scale === undefined) {
    const counted = countedFields[name];
    return counted ? counted.lowest + counted.unit * value : value;
  }
  const signed = value >= powerOfTwo(length - 1) ? value - powerOfTwo(length) : value;
  return signed * powerOfTwo(scale);
}
