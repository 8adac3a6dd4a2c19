// The predecoded record of an instruction: where its fields stand in 16 bytes, and how they are made from the word.
// {u16 handler, then 2-, 4- and 8-byte slots in the order in which the meaning asks for them}.

import { recordBytes } from '../cpu/memory-map.ts';
import { sprOffset, state } from '../cpu/state.ts';
import type { DerivedName } from '../isa/builder.ts';
import {
  compositeFields,
  countedFields,
  type FieldName,
  fieldValue,
  type Pattern,
  signedFields,
} from '../isa/field.ts';
import { fieldWidth } from '../isa/operand.ts';

/** Reads something of an instruction: `word` is the suffix of a prefixed one, `prefix` is 0 for the others. */
export type FieldReader = (word: number, prefix: number) => number;

/** Computes a slot's content from the instruction (fixed-width integer; a number or a bigint for 8-byte slots). */
export type SlotSource = (word: number, prefix: number) => number | bigint;

/** One slot of a record. */
export interface RecordSlot {
  readonly offset: number;
  readonly size: 2 | 4 | 8;
  readonly source: SlotSource;
}

/** Reads a field with its shifts and masks worked out beforehand. */
export function fieldReader(pattern: Pattern, name: FieldName): FieldReader {
  const parts = pattern.pieces.has(name) ? [name] : (compositeFields[name] ?? []);
  const pieces = parts.map((part) => pattern.pieces.get(part));
  const [high, low] = pieces;
  const scale = signedFields[name];
  const generic: FieldReader = (word, prefix) => fieldValue(pattern, name, word, prefix);
  if (!high || high.length === 32 || pieces.length > 2 || countedFields[name]) return generic;
  const shift = 32 - high.start - high.length;
  const mask = 2 ** high.length - 1;
  if (low) {
    if (high.inPrefix || low.inPrefix || high.length + low.length > 30 || scale !== undefined) return generic;
    const lowShift = 32 - low.start - low.length;
    const lowMask = 2 ** low.length - 1;
    const place = low.length;
    return (word) => (((word >>> shift) & mask) << place) | ((word >>> lowShift) & lowMask);
  }
  if (scale === undefined)
    return high.inPrefix ? (_, prefix) => (prefix >>> shift) & mask : (word) => (word >>> shift) & mask;
  if (high.inPrefix || high.length + scale > 32) return generic;
  const { start, length } = high;
  return (word) => ((word << start) >> (32 - length)) << scale;
}

/** MASK(mb, me) of Book I section 3.3.14, as an unsigned 64-bit number. */
export function mask64(mb: number, me: number): bigint {
  const ones = (1n << 64n) - 1n;
  const from = ones >> BigInt(mb);
  const to = (ones << BigInt(63 - me)) & ones;
  return mb <= me ? from & to : from | to;
}

/** Four bits for each set bit of an 8-bit mask. */
function spreadNibbles(mask: number): bigint {
  let value = 0n;
  for (let i = 0; i < 8; i++) if (mask & (0x80 >> i)) value |= 0xfn << BigInt(28 - 4 * i);
  return value;
}

/** Value of a derived item from its field values. */
export const derive: Readonly<Record<DerivedName, (a: number, b: number | undefined) => bigint>> = {
  mask64: (a, b) => mask64(a, b ?? 63),
  maskTo: (a) => mask64(0, a),
  maskShifted: (a, b) => mask64(a, 63 - (b ?? 0)),
  mask32: (a, b) => mask64(a + 32, (b ?? 31) + 32),
  crMask: (a) => spreadNibbles(a),
  fpscrMask: (a) => spreadNibbles(a),
  sprOffset: (a) => BigInt(sprOffset(a)),
};

/** Gives out the slots of one handler's record. */
export class RecordLayout {
  readonly pattern: Pattern;
  readonly slots: RecordSlot[] = [];
  /** Displacement in bytes of the row's relative branch, when its meaning has one. */
  branchReader: FieldReader | undefined;
  readonly #known = new Map<string, number>();
  #used = 2;
  #free: number[] = [];

  constructor(pattern: Pattern) {
    this.pattern = pattern;
  }

  /** Offset of the slot `key` in the record; made on first use. Throws when the record is full (our own mistake). */
  slot(key: string, size: 2 | 4 | 8, source: SlotSource): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const offset = this.#place(size);
    this.#known.set(key, offset);
    this.slots.push({ offset, size, source });
    return offset;
  }

  #place(size: number): number {
    if (size === 2 && this.#free.length > 0) return this.#free.shift() ?? 0;
    const offset = Math.ceil(this.#used / size) * size;
    for (let gap = this.#used; gap < offset; gap += 2) this.#free.push(gap);
    this.#used = offset + size;
    if (this.#used > recordBytes) throw new Error('instruction record is full');
    return offset;
  }

  /** Slot with the state offset of register `base + scale × field`. */
  register(file: 'gpr' | 'vsr', field: FieldName, base: number, scale = 1): number {
    const read = fieldReader(this.pattern, field);
    const item = state[file];
    return this.slot(
      `${file}:${field}@${base}`,
      2,
      (word, prefix) => item.offset + item.size * (base + scale * read(word, prefix)),
    );
  }

  /** Slot for (RA|0). */
  gprOrZero(field: FieldName): number {
    const read = fieldReader(this.pattern, field);
    return this.slot(`gpr0:${field}`, 2, (word, prefix) => {
      const n = read(word, prefix);
      return n === 0 ? state.zero.offset : state.gpr.offset + 8 * n;
    });
  }

  /** Slot with the field's value: 2 bytes when it fits 16 bits, 4 when it fits 32, else 8. */
  value(field: FieldName): { offset: number; size: 2 | 4 | 8; signed: boolean } {
    const read = fieldReader(this.pattern, field);
    const signed = signedFields[field] !== undefined || countedFields[field] !== undefined;
    const bits = fieldWidth(this.pattern, field) + (signedFields[field] ?? 0);
    const size = bits <= 16 ? 2 : bits <= 32 ? 4 : 8;
    return { offset: this.slot(`value:${field}`, size, read), size, signed };
  }

  /** 8-byte slot of a derived value. */
  derived(name: DerivedName, a: FieldName, b: FieldName | undefined): number {
    const readA = fieldReader(this.pattern, a);
    const readB = b && fieldReader(this.pattern, b);
    const compute = derive[name];
    return this.slot(`${name}:${a}:${b ?? ''}`, 8, (word, prefix) =>
      compute(readA(word, prefix), readB?.(word, prefix)),
    );
  }

  /** Slots of a CR bit: the state offset of its field, and the shift that brings it to bit 0. */
  crBit(field: FieldName): { offset: number; shift: number } {
    const read = fieldReader(this.pattern, field);
    return {
      offset: this.slot(`crBitField:${field}`, 2, (word, prefix) => state.cr.offset + (read(word, prefix) >> 2)),
      shift: this.slot(`crBitShift:${field}`, 2, (word, prefix) => 3 - (read(word, prefix) & 3)),
    };
  }

  /** Slot with the state offset of a CR field. */
  crField(field: FieldName): number {
    const read = fieldReader(this.pattern, field);
    return this.slot(`cr:${field}`, 2, (word, prefix) => state.cr.offset + read(word, prefix));
  }

  /** Notes that the meaning branches by this field relative to its own address. */
  noteBranch(field: FieldName): void {
    this.branchReader = fieldReader(this.pattern, field);
  }

  /** Slot with the distance in record bytes to a branch target in the same page. */
  nearTarget(field: FieldName): number {
    const read = fieldReader(this.pattern, field);
    return this.slot(`near:${field}`, 4, (word, prefix) => (read(word, prefix) >> 2) * recordBytes);
  }
}
