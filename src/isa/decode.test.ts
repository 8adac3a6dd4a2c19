// The instruction table is unambiguous and the decoder agrees with a plain search of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createDecoder, decode, decoderOf, existsIn } from './decode.ts';
import { compositeFields, type FieldName, type FixedBits, fieldValue, isPrefix } from './field.ts';
import { observe } from './operand.ts';
import type { InstructionRow } from './row.ts';
import { patternOf } from './row-pattern.ts';
import { instructionTable } from './table.ts';
import { isaVersions } from './version.ts';

const parsed = instructionTable.map((row) => ({ row, pattern: patternOf(row) }));
const none: FixedBits = { mask: 0, value: 0 };
const fits = (word: number, { mask, value }: FixedBits) => ((word ^ value) & mask) === 0;
/** Fixed bits of the prefix and of the other word. */
const halves = ({ pattern }: (typeof parsed)[number]) => [pattern.prefix ?? none, pattern] as const;
const shareEdition = (a: InstructionRow, b: InstructionRow) =>
  isaVersions.some((edition) => existsIn(a, edition) && existsIn(b, edition));

test('two rows that fit one word: the first is strictly more specific', () => {
  for (const [i, first] of parsed.entries()) {
    for (const second of parsed.slice(i + 1)) {
      if ((first.pattern.prefix === undefined) !== (second.pattern.prefix === undefined)) continue;
      const pairs = halves(first).map((bits, at) => [bits, halves(second)[at] ?? none] as const);
      if (pairs.some(([a, b]) => ((a.value ^ b.value) & a.mask & b.mask) !== 0)) continue;
      if (!shareEdition(first.row, second.row)) continue;
      const contained = pairs.every(([a, b]) => (a.mask & b.mask) === (b.mask | 0));
      assert.ok(
        contained && pairs.some(([a, b]) => a.mask !== b.mask),
        `${first.row.mnemonic} (${first.row.pattern}) and ${second.row.mnemonic} overlap`,
      );
    }
  }
});

test('every pattern fixes the primary opcode and every operand is a field of it', () => {
  for (const { row, pattern } of parsed) {
    assert.equal((pattern.prefix ?? pattern).mask >>> 26, 63, row.mnemonic);
    assert.equal(isPrefix((pattern.prefix ?? pattern).value), row.prefix !== undefined, row.mnemonic);
    for (const name of row.operands.match(/[A-Za-z][A-Za-z0-9]*/g) ?? []) {
      assert.doesNotThrow(() => fieldValue(pattern, name as FieldName, 0), `${row.mnemonic} ${name}`);
    }
    for (const name of row.split ?? []) {
      assert.ok(pattern.pieces.has(name) || compositeFields[name], `${row.mnemonic} splits ${name}`);
    }
  }
});

test('decode finds what a search of the whole table finds', () => {
  const some = fc.oneof(
    fc.tuple(fc.integer(), fc.integer()),
    fc.tuple(fc.constantFrom(...parsed), fc.integer(), fc.integer()).map(([{ pattern }, bits, other]) => {
      const word = pattern.value | (bits & ~pattern.mask);
      const { prefix } = pattern;
      return prefix ? ([prefix.value | (other & ~prefix.mask), word] as const) : ([word, other] as const);
    }),
  );
  fc.assert(
    fc.property(some, ([word, next]) => {
      const expected = isPrefix(word)
        ? parsed.find(({ pattern }) => pattern.prefix && fits(word, pattern.prefix) && fits(next, pattern))
        : parsed.find(({ pattern }) => !pattern.prefix && fits(word, pattern));
      assert.equal(decode(word, next), expected?.row);
    }),
    { numRuns: 5000 },
  );
});

test('an edition decodes only its own instructions', () => {
  const modsw = 0x7c00_0616;
  assert.equal(decoderOf('2.07')(modsw), undefined);
  assert.equal(decoderOf('3.0')(modsw)?.mnemonic, 'modsw');
});

test('a prefix without its suffix, or with an unknown one, is no instruction', () => {
  const [pnop, paddi] = [0x0700_0000, 0x0600_0000];
  assert.equal(decode(pnop, 0)?.mnemonic, 'pnop');
  assert.equal(decode(pnop), undefined);
  assert.equal(decode(paddi, 0x3800_0000)?.mnemonic, 'paddi');
  assert.equal(decode(paddi, 0x3c00_0000), undefined);
  assert.equal(decoderOf('3.0')(paddi, 0x3800_0000), undefined);
});

test('a row that was removed does not exist in later editions', () => {
  const row: InstructionRow = {
    mnemonic: 'gone',
    pattern: '31:6 /:26',
    operands: '',
    since: '2.05',
    until: '2.07',
    meaning: () => {},
  };
  const word = 31 << 26;
  assert.equal(createDecoder([row], '2.07')(word), row);
  assert.equal(createDecoder([row], '3.0')(word), undefined);
});

test('a meaning reads the same fields in every mode, as the decoded record serves all', () => {
  const kinds = (uses: ReadonlySet<string>) => [
    ...new Set([...uses].map((use) => use.replace(/^set/, '').toLowerCase())),
  ];
  for (const row of instructionTable) {
    const expected = kinds(observe(row).uses);
    for (const is64 of [true, false]) {
      for (const littleEndian of [true, false]) {
        assert.deepEqual(kinds(observe(row, { is64, littleEndian }).uses), expected, row.mnemonic);
      }
    }
  }
});
