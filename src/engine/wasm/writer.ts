// Writes WebAssembly: a growing byte buffer with LEB128, and the sections of a module (core specification, chapter 5).
import type { ValueType } from '../../isa/value-type.ts';

/** Value types as bytes. */
export const typeCode: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** Memory of buffers that are not used any more: many are made for a short time, and each lies outside of the heap. */
const spare: Uint8Array<ArrayBuffer>[] = [];
const mostSpare = 64;
const firstBytes = 4096;
const none = new Uint8Array(0);

/** A byte buffer. */
export class Bytes {
  #data = none;
  length = 0;

  /** Empties the buffer for good and leaves its memory to others. */
  free(): void {
    if (spare.length < mostSpare && this.#data.length >= firstBytes) spare.push(this.#data);
    this.#data = none;
    this.length = 0;
  }

  byte(value: number): void {
    if (this.length === this.#data.length) this.#grow(1);
    this.#data[this.length++] = value;
  }

  #grow(extra: number): void {
    const needed = Math.max(this.#data.length * 2, this.length + extra, firstBytes);
    const known = spare.at(-1);
    const bigger = known && known.length >= needed ? known : new Uint8Array(needed);
    if (bigger === known) spare.pop();
    bigger.set(this.view());
    this.#data = bigger;
  }

  bytes(values: ArrayLike<number>): void {
    if (this.length + values.length > this.#data.length) this.#grow(values.length);
    this.#data.set(values, this.length);
    this.length += values.length;
  }

  /** Unsigned LEB128 of 0…2³²−1. */
  u32(value: number): void {
    let rest = value >>> 0;
    if (this.length + 5 > this.#data.length) this.#grow(5);
    while (rest > 0x7f) {
      this.#data[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#data[this.length++] = rest;
  }

  /** An operator of one byte with an immediate: an unsigned number. */
  operator(code: number, immediate: number): void {
    const { length } = this;
    const data = this.#data;
    if (immediate > 0x7f || length + 2 > data.length) {
      this.byte(code);
      this.u32(immediate);
      return;
    }
    data[length] = code;
    data[length + 1] = immediate;
    this.length = length + 2;
  }

  /** Signed LEB128 of a 32-bit number. */
  s32(value: number): void {
    let rest = value | 0;
    if (this.length + 5 > this.#data.length) this.#grow(5);
    while (rest < -64 || rest > 63) {
      this.#data[this.length++] = (rest & 0x7f) | 0x80;
      rest >>= 7;
    }
    this.#data[this.length++] = rest & 0x7f;
  }

  /** Signed LEB128 of a 64-bit number. */
  s64(value: bigint | number): void {
    if (typeof value === 'number' && value === (value | 0)) {
      this.s32(value);
      return;
    }
    let rest = BigInt.asIntN(64, BigInt(value));
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  /** A memory operator of one byte with its immediate. */
  memoryOperator(code: number, align: number, offset: number): void {
    const { length } = this;
    const data = this.#data;
    if (offset > 0x7f || length + 3 > data.length) {
      this.operator(code, align);
      this.u32(offset);
      return;
    }
    data[length] = code;
    data[length + 1] = align;
    data[length + 2] = offset;
    this.length = length + 3;
  }

  /** Signed LEB128 of −8192…8191 in two bytes whatever it is, so that it can be changed; returns its position. */
  s64Fixed(value: number): number {
    const position = this.length;
    this.byte(0);
    this.byte(0);
    this.changeFixed(position, value);
    return position;
  }

  /** Changes what {@link s64Fixed} has written at a position. */
  changeFixed(position: number, value: number): void {
    this.#data[position] = (value & 0x7f) | 0x80;
    this.#data[position + 1] = (value >> 7) & 0x7f;
  }

  text(value: string): void {
    this.u32(value.length);
    for (let i = 0; i < value.length; i++) this.byte(value.charCodeAt(i));
  }

  append(other: Bytes): void {
    this.bytes(other.view());
  }

  /** Puts other bytes at a position; those behind it move. */
  insert(position: number, other: Bytes): void {
    const behind = this.#data.slice(position, this.length);
    this.length = position;
    this.append(other);
    this.bytes(behind);
  }

  /** The bytes written so far (a view, valid until the next write). */
  view(): Uint8Array {
    return this.#data.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }
}

/** Type of a function. */
export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A WebAssembly module in the making: imports first, then functions, then `finish`. */
export class ModuleWriter {
  readonly #types = new Map<string, number>();
  readonly #typeBytes = new Bytes();
  readonly #imports = new Bytes();
  #importCount = 0;
  #functionImports = 0;
  readonly #functionTypes: number[] = [];
  readonly #exports = new Bytes();
  #exportCount = 0;
  readonly #code = new Bytes();
  #tableEntries = 0;
  #elements: readonly number[] = [];
  #tableImports = 0;

  /** Index of a function type. */
  type(type: FunctionType): number {
    const key = `${type.params.join()}>${type.results.join()}`;
    const known = this.#types.get(key);
    if (known !== undefined) return known;
    const index = this.#types.size;
    this.#types.set(key, index);
    this.#typeBytes.byte(0x60);
    for (const list of [type.params, type.results]) {
      this.#typeBytes.u32(list.length);
      for (const item of list) this.#typeBytes.byte(typeCode[item]);
    }
    return index;
  }

  /** Imports a function of module `env`; returns its index. All imports come before `addFunction`. */
  importFunction(name: string, type: FunctionType): number {
    this.#imports.text('env');
    this.#imports.text(name);
    this.#imports.byte(0);
    this.#imports.u32(this.type(type));
    this.#importCount++;
    return this.#functionImports++;
  }

  /** Imports the shared memory of a machine. */
  importMemory(): void {
    this.#imports.text('env');
    this.#imports.text('memory');
    this.#imports.bytes([2, 3]);
    this.#imports.u32(1);
    this.#imports.u32(65536);
    this.#importCount++;
  }

  /** Imports a function table of at least `minimum` entries. */
  importTable(name: string, minimum: number): void {
    this.#imports.text('env');
    this.#imports.text(name);
    this.#imports.bytes([1, 0x70, 0]);
    this.#imports.u32(minimum);
    this.#importCount++;
    this.#tableImports++;
  }

  /** A table of this module's own, filled with these functions. */
  ownTable(functions: readonly number[]): void {
    this.#tableEntries = functions.length;
    this.#elements = functions;
  }

  /** Adds a function; `locals` are counts by type in order; the body is freed. Returns its index. */
  addFunction(type: FunctionType, locals: readonly (readonly [number, ValueType])[], body: Bytes): number {
    const index = this.#functionImports + this.#functionTypes.length;
    this.#functionTypes.push(this.type(type));
    const head = new Bytes();
    head.u32(locals.length);
    for (const [count, item] of locals) {
      head.u32(count);
      head.byte(typeCode[item]);
    }
    this.#code.u32(head.length + body.length);
    this.#code.append(head);
    this.#code.append(body);
    head.free();
    body.free();
    return index;
  }

  /** Elements of table 0 as the plain form, of another table with its index. */
  #writeSegmentHead(b: Bytes): void {
    if (this.#tableImports === 0) b.bytes([0, 0x41, 0, 0x0b]);
    else b.bytes([2, this.#tableImports, 0x41, 0, 0x0b, 0]);
  }

  exportFunction(name: string, index: number): void {
    this.#exports.text(name);
    this.#exports.byte(0);
    this.#exports.u32(index);
    this.#exportCount++;
  }

  /** The module's bytes; nothing can be added after that. */
  finish(): Uint8Array<ArrayBuffer> {
    const out = new Bytes();
    out.bytes([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const section = (id: number, write: (b: Bytes) => void) => {
      const body = new Bytes();
      write(body);
      out.byte(id);
      out.u32(body.length);
      out.append(body);
      body.free();
    };
    section(1, (b) => {
      b.u32(this.#types.size);
      b.append(this.#typeBytes);
    });
    section(2, (b) => {
      b.u32(this.#importCount);
      b.append(this.#imports);
    });
    section(3, (b) => {
      b.u32(this.#functionTypes.length);
      for (const t of this.#functionTypes) b.u32(t);
    });
    if (this.#tableEntries > 0) {
      section(4, (b) => {
        b.bytes([1, 0x70, 0]);
        b.u32(this.#tableEntries);
      });
    }
    section(7, (b) => {
      b.u32(this.#exportCount);
      b.append(this.#exports);
    });
    if (this.#tableEntries > 0) {
      section(9, (b) => {
        b.u32(1);
        this.#writeSegmentHead(b);
        b.u32(this.#elements.length);
        for (const f of this.#elements) b.u32(f);
      });
    }
    section(10, (b) => {
      b.u32(this.#functionTypes.length);
      b.append(this.#code);
    });
    for (const part of [this.#typeBytes, this.#imports, this.#exports, this.#code]) part.free();
    const bytes = out.view().slice();
    out.free();
    return bytes;
  }
}
