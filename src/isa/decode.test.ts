// The instruction table is unambiguous and the decoder agrees with a plain search of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createDecoder, decode, decoderOf, existsIn } from './decode.ts';
import { compositeFields, type FieldName, fieldValue, parsePattern } from './field.ts';
import { observe } from './operand.ts';
import type { InstructionRow } from './row.ts';
import { instructionTable } from './table.ts';
import { isaVersions } from './version.ts';

const parsed = instructionTable.map((row) => ({ row, pattern: parsePattern(row.pattern) }));
const shareEdition = (a: InstructionRow, b: InstructionRow) =>
  isaVersions.some((edition) => existsIn(a, edition) && existsIn(b, edition));

test('two rows that fit one word: the first is strictly more specific', () => {
  for (const [i, first] of parsed.entries()) {
    for (const second of parsed.slice(i + 1)) {
      const common = first.pattern.mask & second.pattern.mask;
      if (((first.pattern.value ^ second.pattern.value) & common) !== 0) continue;
      if (!shareEdition(first.row, second.row)) continue;
      const moreSpecific = common === (second.pattern.mask | 0) && first.pattern.mask !== second.pattern.mask;
      assert.ok(moreSpecific, `${first.row.mnemonic} (${first.row.pattern}) and ${second.row.mnemonic} overlap`);
    }
  }
});

test('every pattern fixes the primary opcode and every operand is a field of it', () => {
  for (const { row, pattern } of parsed) {
    assert.equal(pattern.mask >>> 26, 63, row.mnemonic);
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
    fc.integer(),
    fc
      .tuple(fc.constantFrom(...parsed), fc.integer())
      .map(([{ pattern }, bits]) => pattern.value | (bits & ~pattern.mask)),
  );
  fc.assert(
    fc.property(some, (word) => {
      const expected = parsed.find(({ pattern }) => ((word ^ pattern.value) & pattern.mask) === 0);
      assert.equal(decode(word), expected?.row);
    }),
    { numRuns: 5000 },
  );
});

test('an edition decodes only its own instructions', () => {
  const modsw = 0x7c00_0616;
  assert.equal(decoderOf('2.07')(modsw), undefined);
  assert.equal(decoderOf('3.0')(modsw)?.mnemonic, 'modsw');
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
