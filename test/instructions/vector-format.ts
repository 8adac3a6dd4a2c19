// Recorded instruction vectors: what a real or emulated CPU did with instruction words from a known state.
import { type Style, styles } from './machine-state.ts';

/** A change of the state block: which 8 bytes (offset ÷ 8), and their new value. */
export interface Change {
  readonly index: number;
  /** Value, or with `relative` its distance from the first word's address. */
  readonly value: bigint;
  readonly relative: boolean;
}

/** One recorded execution. */
export interface VectorCase {
  readonly words: readonly number[];
  readonly seed: number;
  readonly style: Style;
  /** Changes of the seed's state before the words run. */
  readonly before: readonly Change[];
  /** What the words changed. */
  readonly after: readonly Change[];
}

/** Cases of one base mnemonic. */
export interface VectorSet {
  readonly mnemonic: string;
  readonly cases: readonly VectorCase[];
}

/** A file of vectors. */
export interface VectorFile {
  /** What recorded it, such as `qemu-ppc64le 7.2.22, -cpu POWER9`. */
  readonly oracle: string;
  readonly sets: readonly VectorSet[];
}

/** Stands before the index of a value that is relative to the first word's address. */
const relativeMark = 255;

class Writer {
  bytes = new Uint8Array(1 << 16);
  length = 0;

  reserve(count: number): DataView {
    while (this.length + count > this.bytes.length) {
      const larger = new Uint8Array(2 * this.bytes.length);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    const view = new DataView(this.bytes.buffer, this.length, count);
    this.length += count;
    return view;
  }

  u8(value: number): void {
    this.reserve(1).setUint8(0, value);
  }

  u32(value: number): void {
    this.reserve(4).setUint32(0, value, true);
  }

  text(value: string): void {
    this.u8(value.length);
    for (const character of value) this.u8(character.charCodeAt(0));
  }

  changes(changes: readonly Change[]): void {
    this.u8(changes.length);
    for (const { index, value, relative } of changes) {
      if (relative) this.u8(relativeMark);
      this.u8(index);
      this.reserve(8).setBigUint64(0, BigInt.asUintN(64, value), true);
    }
  }
}

class Reader {
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  u8(): number {
    return this.#view.getUint8(this.#position++);
  }

  u32(): number {
    this.#position += 4;
    return this.#view.getUint32(this.#position - 4, true);
  }

  text(): string {
    return String.fromCharCode(...Array.from({ length: this.u8() }, () => this.u8()));
  }

  changes(): Change[] {
    return Array.from({ length: this.u8() }, () => {
      const first = this.u8();
      const relative = first === relativeMark;
      const index = relative ? this.u8() : first;
      this.#position += 8;
      return { index, value: this.#view.getBigUint64(this.#position - 8, true), relative };
    });
  }
}

/** Bytes of a file, uncompressed. */
export function writeVectors(file: VectorFile): Uint8Array {
  const writer = new Writer();
  writer.text(file.oracle);
  writer.u32(file.sets.length);
  for (const { mnemonic, cases } of file.sets) {
    writer.text(mnemonic);
    writer.u32(cases.length);
    for (const { words, seed, style, before, after } of cases) {
      writer.u8(styles.indexOf(style) * 8 + words.length);
      for (const word of words) writer.u32(word);
      writer.u32(seed);
      writer.changes(before);
      writer.changes(after);
    }
  }
  return writer.bytes.slice(0, writer.length);
}

/** Reads what {@link writeVectors} wrote. */
export function readVectors(bytes: Uint8Array): VectorFile {
  const reader = new Reader(bytes);
  const oracle = reader.text();
  const sets = Array.from({ length: reader.u32() }, (): VectorSet => {
    const mnemonic = reader.text();
    const cases = Array.from({ length: reader.u32() }, (): VectorCase => {
      const first = reader.u8();
      const words = Array.from({ length: first & 7 }, () => reader.u32());
      const seed = reader.u32();
      const before = reader.changes();
      return { words, seed, style: styles[first >> 3] ?? 'random', before, after: reader.changes() };
    });
    return { mnemonic, cases };
  });
  return { oracle, sets };
}

/** Applies changes to a block; `address` is where the first word stands. */
export function applyChanges(state: Uint8Array, changes: readonly Change[], address: bigint): void {
  const view = new DataView(state.buffer, state.byteOffset);
  for (const { index, value, relative } of changes) {
    view.setBigUint64(8 * index, BigInt.asUintN(64, relative ? value + address : value), true);
  }
}
