// Decoded code: for each 4 KiB page of guest RAM that was executed, 1024 predecoded records, by real address.
import { recordBytes, recordPageBytes, recordSide, specialHandler } from '../cpu/memory-map.ts';
import type { Decode } from '../isa/decode.ts';
import { isPrefix } from '../isa/field.ts';
import type { InstructionRow } from '../isa/row.ts';
import { codeKey, isLittleEndianKey, keysOfPage, realPageOf } from './code-key.ts';
import { type HandlerMap, handlerKey } from './interpreter/handler-map.ts';
import { layoutOf } from './interpreter/variant-code.ts';
import type { FieldReader, RecordLayout } from './record-layout.ts';
import { regionIndexBits } from './region-interface.ts';
import type { RegionPlace, RegionStart } from './translator/region-place.ts';
import { type FixedValues, type PreparedRow, VariantCache, variantKey } from './variants.ts';

/** Stores to a page of code that change none of it, before it is taken for data: at first, and at most. */
const firstQuietLimit = 32;
const longestQuietLimit = 1 << 20;
/** The same while regions start there. */
const hotQuietLimit = 1 << 16;

/** All keys of a real page. */
function keysFrom(realPage: number): readonly number[] {
  const first = realPage * keysOfPage;
  return [first, first + 1, first + 2, first + 3];
}

/** What the page store needs to know. */
export interface CodePagesOptions {
  readonly buffer: ArrayBufferLike;
  /** Byte offset of the pool of record pages and how many it has. */
  readonly pool: number;
  readonly pages: number;
  readonly ramBase: number;
  readonly ramBytes: number;
  /** Byte map of pages that hold decoded code. */
  readonly codeMap: number;
  readonly table: readonly InstructionRow[];
  /** The decoder of pages with this key. */
  readonly decoderFor: (key: number) => Decode;
  /** Pages with this key know prefixed instructions. */
  readonly hasPrefixes: (key: number) => boolean;
  readonly handlers: HandlerMap;
  /** Called when a page becomes code: write entries of all TLBs for it must go. */
  readonly becameCode: (realPage: number) => void;
  /** True when regions of this page (key as in `RegionPlace`) are installed. */
  readonly holdsRegions: (key: number) => boolean;
  /** Called before records of a page are dropped: byte offsets from…to have changed. */
  readonly codeWritten: (key: number, from: number, to: number) => void;
  /** Called before all records are dropped: every execute entry of every TLB must go. */
  readonly dropped: () => void;
}

/** A handler with the layout of its records. */
interface DecodedForm {
  readonly far: number;
  readonly near: number;
  readonly layout: RecordLayout;
  readonly nearLayout: RecordLayout | undefined;
  /** Displacement in bytes for rows with a branch field. */
  readonly branch: FieldReader | undefined;
}

/** The store of predecoded records. */
export class CodePages {
  readonly #o: CodePagesOptions;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  /** Record page number by key (see `CodeKey`). */
  readonly #byKey = new Map<number, number>();
  readonly #keys: Int32Array;
  #used = 0;
  /** Most pages of the pool that were in use at a time. */
  #everUsed = 0;
  /** Stores in a row that changed no decoded code, by real page, and how many are put up with. */
  readonly #quiet = new Map<number, { stores: number; limit: number }>();
  readonly #forms = new VariantCache<DecodedForm>((prepared, fixed) => this.#makeForm(prepared, fixed));
  /** Instructions decoded so far. */
  decoded = 0;

  constructor(options: CodePagesOptions) {
    this.#o = options;
    this.#view = new DataView(options.buffer);
    this.#bytes = new Uint8Array(options.buffer);
    this.#keys = new Int32Array(options.pages);
  }

  /** Address of the records of the page with this real address, in a byte order, for all but problem state at a level. */
  records(real: number, littleEndian: boolean): number {
    return this.recordsOf(codeKey({ realPage: real >>> 12, restricted: false, littleEndian }));
  }

  /** Address of the records of the page with this key. */
  recordsOf(key: number): number {
    let page = this.#byKey.get(key);
    if (page === undefined) {
      if (this.#used === this.#o.pages) this.dropAll();
      page = this.#used++;
      this.#byKey.set(key, page);
      this.#keys[page] = key;
      const address = this.#address(page);
      // Memory that was never used is zero.
      if (page < this.#everUsed) this.#bytes.fill(0, address, address + recordPageBytes);
      else this.#everUsed = page + 1;
      this.#view.setUint16(address + 1024 * recordBytes, specialHandler.endOfPage, true);
    }
    return this.#address(page);
  }

  #address(page: number): number {
    return this.#o.pool + page * recordPageBytes;
  }

  /** Real page and byte offset of a record: key as in {@link RegionPlace}. */
  placeOf(record: number): RegionPlace {
    const page = Math.floor((record - this.#o.pool) / recordPageBytes);
    return { key: this.#keys[page] ?? 0, offset: ((record - this.#address(page)) / recordBytes) * 4 };
  }

  /** True when a region starts at this record. */
  startsRegion(record: number): boolean {
    return this.#view.getUint16(record, true) === specialHandler.translated;
  }

  /** Has stores to the page with this key noticed: regions are about to be made of it. */
  watch(key: number): void {
    this.#watch(realPageOf(key));
  }

  /** Address of the records of the page with this key when it has any. */
  knownRecords(key: number): number | undefined {
    const page = this.#byKey.get(key);
    return page === undefined ? undefined : this.#address(page);
  }

  /** Lets a region run whenever control comes to a start of it. */
  install({ key, offset, index, entry }: RegionStart): void {
    const page = this.#byKey.get(key);
    if (page === undefined) return;
    const base = this.#address(page);
    const number = offset >> 2;
    const record = base + number * recordBytes;
    if (this.#view.getUint16(record, true) === specialHandler.undecoded) this.decodeAt(record);
    const handler = this.#view.getUint16(record, true);
    if (handler !== specialHandler.translated)
      this.#view.setUint16(base + recordSide.original + 2 * number, handler, true);
    this.#view.setUint32(base + recordSide.region + 4 * number, index + entry * 2 ** regionIndexBits, true);
    this.#view.setUint16(record, specialHandler.translated, true);
  }

  /** Puts back what stood at a region's start. */
  uninstall({ key, offset }: RegionStart): void {
    const page = this.#byKey.get(key);
    if (page === undefined) return;
    const base = this.#address(page);
    const number = offset >> 2;
    const record = base + number * recordBytes;
    if (this.#view.getUint16(record, true) !== specialHandler.translated) return;
    this.#view.setUint16(record, this.#view.getUint16(base + recordSide.original + 2 * number, true), true);
    this.#view.setUint32(base + recordSide.region + 4 * number, 0, true);
  }

  /** Decodes the instruction whose record is at this address. */
  decodeAt(record: number): void {
    const page = Math.floor((record - this.#o.pool) / recordPageBytes);
    const index = (record - this.#address(page)) / recordBytes;
    const key = this.#keys[page] ?? 0;
    this.#watch(realPageOf(key));
    const real = realPageOf(key) * 4096 + index * 4;
    const word = this.#view.getUint32(this.#o.ramBase + real, isLittleEndianKey(key));
    this.decoded++;
    const decode = this.#o.decoderFor(key);
    if (!isPrefix(word) || !this.#o.hasPrefixes(key)) this.#write(record, word, 0, index * 4, decode(word));
    else if (real % 64 === 60) this.#view.setUint16(record, specialHandler.prefixAtBoundary, true);
    else {
      // It owns the record of its prefix alone: control may come to the other word, too.
      const suffix = this.#view.getUint32(this.#o.ramBase + real + 4, isLittleEndianKey(key));
      this.#write(record, suffix, word, index * 4, decode(word, suffix));
    }
  }

  /** `word` is the suffix of a prefixed instruction; `prefix` is 0 for the others. */
  #write(record: number, word: number, prefix: number, pageOffset: number, row: InstructionRow | undefined): void {
    if (!row) {
      this.#view.setUint16(record, prefix === 0 ? specialHandler.illegal : specialHandler.illegalPrefixed, true);
      return;
    }
    const form = this.#forms.get(row, word, prefix);
    const view = this.#view;
    let { layout, far: handler } = form;
    if (form.branch && form.nearLayout) {
      const target = pageOffset + form.branch(word, prefix);
      if (target >= 0 && target < 4096) {
        layout = form.nearLayout;
        handler = form.near;
      }
    }
    for (const { offset, size, source } of layout.slots) {
      const value = source(word, prefix);
      if (size === 8) view.setBigUint64(record + offset, BigInt.asUintN(64, BigInt(value)), true);
      else if (size === 4) view.setInt32(record + offset, Number(value), true);
      else view.setInt16(record + offset, Number(value), true);
    }
    view.setUint16(record, handler, true);
  }

  #makeForm(prepared: PreparedRow, fixed: FixedValues): DecodedForm {
    const key = variantKey(fixed);
    const numbers = this.#o.handlers[handlerKey(this.#o.table.indexOf(prepared.row), key)];
    if (!numbers)
      throw new Error(`no handler for ${prepared.row.mnemonic} (${key}): the interpreter was built from another table`);
    const near = numbers.near >= 0;
    const layout = layoutOf(prepared, fixed, false);
    return {
      far: numbers.far,
      near: numbers.near,
      layout,
      nearLayout: near ? layoutOf(prepared, fixed, true) : undefined,
      branch: near ? layout.branchReader : undefined,
    };
  }

  /** Has stores to a page noticed: it is about to hold decoded code. */
  #watch(realPage: number): void {
    if (this.#bytes[this.#o.codeMap + realPage] !== 0) return;
    this.#bytes[this.#o.codeMap + realPage] = 1;
    this.#o.becameCode(realPage);
  }

  /**
   * A store has changed no decoded code. After many of them in a row the page is taken for data that was code once:
   * what is left of its code is dropped, and its stores are not noticed any more until code is decoded there again.
   */
  #countQuietStore(realPage: number): void {
    const quiet = this.#quiet.get(realPage) ?? { stores: 0, limit: firstQuietLimit };
    this.#quiet.set(realPage, quiet);
    const hot = keysFrom(realPage).some((key) => this.#o.holdsRegions(key));
    if (++quiet.stores < (hot ? Math.max(quiet.limit, hotQuietLimit) : quiet.limit)) return;
    quiet.stores = 0;
    // A page of code and data comes back; it is given more time each time.
    quiet.limit = Math.min(quiet.limit * 4, longestQuietLimit);
    for (const key of keysFrom(realPage)) {
      const known = this.#byKey.get(key);
      if (known === undefined) continue;
      this.#o.codeWritten(key, 0, 4095);
      const base = this.#address(known);
      for (let i = 0; i < 1024; i++) this.#view.setUint16(base + i * recordBytes, specialHandler.undecoded, true);
    }
    this.#bytes[this.#o.codeMap + realPage] = 0;
  }

  /** The bytes [real, real + length) have changed: their records are decoded anew when next reached. */
  written(real: number, length: number): void {
    // Nothing was written: the last byte would lie before the first one.
    if (length === 0) return;
    const last = real + length - 1;
    for (let page = real >>> 12; page <= last >>> 12; page++) {
      if (this.#bytes[this.#o.codeMap + page] === 0) continue;
      const from = Math.max(real, page * 4096) & ~3;
      const to = Math.min(last, page * 4096 + 4095);
      let changed = false;
      for (const key of keysFrom(page)) {
        const known = this.#byKey.get(key);
        if (known === undefined) continue;
        const base = this.#address(known);
        this.#o.codeWritten(key, from & 0xfff, to & 0xfff);
        for (let at = this.#firstTouched(from, key); at <= to; at += 4) {
          const record = base + ((at & 0xfff) >> 2) * recordBytes;
          if (this.#view.getUint16(record, true) === specialHandler.undecoded) continue;
          changed = true;
          this.#view.setUint16(record, specialHandler.undecoded, true);
        }
      }
      if (!changed) this.#countQuietStore(page);
      else this.#quiet.delete(page);
    }
  }

  /** The word at this real address, or the one before when that is its prefix. */
  #firstTouched(real: number, key: number): number {
    if (real % 64 === 0 || !this.#o.hasPrefixes(key)) return real;
    const before = this.#view.getUint32(this.#o.ramBase + real - 4, isLittleEndianKey(key));
    return isPrefix(before) ? real - 4 : real;
  }

  /** Forgets all decoded code. */
  dropAll(): void {
    this.#o.dropped();
    for (let page = 0; page < this.#used; page++) this.#bytes[this.#o.codeMap + realPageOf(this.#keys[page] ?? 0)] = 0;
    this.#byKey.clear();
    this.#quiet.clear();
    this.#used = 0;
  }
}
