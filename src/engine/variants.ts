// Variants of a row: the combinations of its fixed fields, each with a meaning of its own.
import { type FieldName, fixedFields, type Pattern } from '../isa/field.ts';
import type { InstructionRow } from '../isa/row.ts';
import { patternOf } from '../isa/row-pattern.ts';
import { type FieldReader, fieldReader } from './record-layout.ts';

/** Values of the fixed fields of a variant. */
export type FixedValues = Readonly<Record<string, number>>;

/** A row with what is worked out once for it. */
export interface PreparedRow {
  readonly row: InstructionRow;
  readonly pattern: Pattern;
  /** Value of a field; `prefix` is 0 where there is none. */
  readonly field: (name: FieldName, word: number, prefix: number) => number;
  /** Fixed fields that the row's pattern has, with their readers. */
  readonly fixed: readonly {
    readonly name: FieldName;
    readonly bits: number;
    readonly read: FieldReader;
  }[];
}

function bitsOf(pattern: Pattern, name: FieldName): number {
  return fieldReader(pattern, name)(-1, -1).toString(2).length;
}

/** Parses a row and finds its fixed fields. */
export function prepareRow(row: InstructionRow): PreparedRow {
  const pattern = patternOf(row);
  const names = [...fixedFields.filter((name) => pattern.pieces.has(name)), ...(row.split ?? [])];
  const fixed = names.map((name) => ({ name, bits: bitsOf(pattern, name), read: fieldReader(pattern, name) }));
  const readers = new Map<FieldName, FieldReader>();
  const readerOf = (name: FieldName): FieldReader => {
    const reader = fieldReader(pattern, name);
    readers.set(name, reader);
    return reader;
  };
  return { row, pattern, field: (name, word, prefix) => (readers.get(name) ?? readerOf(name))(word, prefix), fixed };
}

/** Fixed values of an instruction, made canonical. */
export function fixedOf(prepared: PreparedRow, word: number, prefix: number): FixedValues {
  const values: Record<string, number> = {};
  for (const field of prepared.fixed) values[field.name] = field.read(word, prefix);
  return prepared.row.canonical ? prepared.row.canonical(values) : values;
}

/** A short text that tells variants of one row apart. */
export function variantKey(values: FixedValues): string {
  let key = '';
  for (const name in values) key += `${name}=${values[name]},`;
  return key;
}

/** All canonical variants of a row, each once. */
export function variantsOf(prepared: PreparedRow): readonly FixedValues[] {
  let all: Record<string, number>[] = [{}];
  for (const field of prepared.fixed) {
    const next: Record<string, number>[] = [];
    for (const values of all) for (let v = 0; v < 1 << field.bits; v++) next.push({ ...values, [field.name]: v });
    all = next;
  }
  const seen = new Map<string, FixedValues>();
  for (const values of all) {
    const canonical = prepared.row.canonical ? prepared.row.canonical(values) : values;
    const key = variantKey(canonical);
    if (!seen.has(key)) seen.set(key, canonical);
  }
  return [...seen.values()];
}

/** Something made once for each variant of each row, found fast from the instruction's words. */
export class VariantCache<T> {
  readonly #rows = new Map<InstructionRow, { prepared: PreparedRow; items: (T | undefined)[] }>();
  readonly #make: (prepared: PreparedRow, fixed: FixedValues) => T;

  constructor(make: (prepared: PreparedRow, fixed: FixedValues) => T) {
    this.#make = make;
  }

  /** The item for the variant of `row` that an instruction is; `word` is the suffix behind a prefix. */
  get(row: InstructionRow, word: number, prefix: number): T {
    let entry = this.#rows.get(row);
    if (!entry) {
      entry = { prepared: prepareRow(row), items: [] };
      this.#rows.set(row, entry);
    }
    let index = 0;
    for (const { bits, read } of entry.prepared.fixed) index = (index << bits) | read(word, prefix);
    let item = entry.items[index];
    if (item === undefined) {
      item = this.#make(entry.prepared, fixedOf(entry.prepared, word, prefix));
      entry.items[index] = item;
    }
    return item;
  }
}
