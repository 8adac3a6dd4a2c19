// The disassembler agrees with GNU binutils on random words of every row.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, existsIn } from '../../src/isa/decode.ts';
import { disassemble } from '../../src/isa/disassemble.ts';
import { mnemonicOf } from '../../src/isa/operand.ts';
import type { InstructionRow } from '../../src/isa/row.ts';
import { patternOf } from '../../src/isa/row-pattern.ts';
import { instructionTable } from '../../src/isa/table.ts';
import { gapReason } from './binutils-gaps.ts';
import { nameInEdition31, objdump, objdumpMissing } from './objdump.ts';

const wordsPerRow = 256;
const wordsInAll = 100_000;

/** A small generator with a fixed seed (mulberry32), so that a failure repeats. */
function randomWords(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** Instructions of all rows with random fields, two words for prefixed ones; reserved bits are 0. */
function sample(rows: readonly InstructionRow[]): Uint32Array {
  const next = randomWords(0x5eed);
  const words: number[] = [];
  const each = Math.max(wordsPerRow, Math.ceil(wordsInAll / instructionTable.length));
  for (const row of rows) {
    const pattern = patternOf(row);
    let [fields, prefixFields] = [0, 0];
    for (const [name, { start, length, inPrefix }] of pattern.pieces) {
      // A pair is named by its even register.
      const ones = (evenFields(row).test(name) ? 0b11110 : (1 << length) - 1) << (32 - start - length);
      if (inPrefix) prefixFields |= ones;
      else fields |= ones;
    }
    for (let i = 0; i < each; i++) {
      let word = (pattern.value | (next() & fields)) >>> 0;
      if (pattern.prefix) {
        const prefix = (pattern.prefix.value | (next() & prefixFields)) >>> 0;
        // No base register with an address relative to the instruction.
        if (pattern.pieces.has('R') && (prefix & relativeBit) !== 0) word &= ~(31 << 16);
        words.push(prefix);
      }
      words.push(word >>> 0);
    }
  }
  return Uint32Array.from(words);
}

/** Fields of pairs. Odd GPR pairs are invalid forms that the gaps list, but of prefixed instructions. */
const evenFields = (row: InstructionRow) => (row.prefix === undefined ? /^FR.p$/ : /^(FR|R).p$/);

/** R of the forms 8LS:D and MLS:D. */
const relativeBit = 1 << 20;

/** The first difference of each row, as a list of texts. */
function differencesFrom(rows: readonly InstructionRow[], cpu: string): readonly string[] {
  const words = sample(rows);
  const expected = objdump(words, cpu);
  const differences = new Map<string, string>();
  for (let i = 0; i < words.length; i++) {
    const [first = 0, second] = [words[i], words[i + 1]];
    const actual = disassemble(first, BigInt(4 * i), undefined, second);
    const theirs = nameInEdition31((expected[i] ?? '').replace(/ # .*$/, ''));
    const row = decode(first, second);
    const word = row?.prefix === undefined ? first : (words[++i] ?? 0);
    if (actual === theirs) continue;
    const mnemonic = row ? mnemonicOf(row, patternOf(row), word) : '.long';
    if (gapReason(mnemonic, word, theirs) !== undefined) continue;
    const key = row ? row.mnemonic : '.long';
    if (!differences.has(key)) differences.set(key, `0x${first.toString(16)}: we "${actual}", objdump "${theirs}"`);
  }
  return [...differences.values()];
}

const skip = objdumpMissing() ?? false;

test('disassembly of random words of every POWER9 row is that of objdump', { skip }, () => {
  const rows = instructionTable.filter((row) => existsIn(row, '3.0'));
  assert.deepEqual(differencesFrom(rows, 'power9'), []);
});

test('disassembly of random words of rows that POWER10 brought is that of objdump', { skip }, () => {
  const rows = instructionTable.filter((row) => row.since === '3.1' && row.prefix === undefined);
  assert.deepEqual(differencesFrom(rows, 'power10'), []);
});

test('disassembly of random prefixed instructions is that of objdump', { skip }, () => {
  const rows = instructionTable.filter((row) => row.prefix !== undefined);
  assert.deepEqual(differencesFrom(rows, 'power10'), []);
});

test('disassembly of random words of rows that POWER9 removed is that of objdump', { skip }, () => {
  const rows = instructionTable.filter((row) => !existsIn(row, '3.0') && row.since !== '3.1');
  assert.deepEqual(differencesFrom(rows, 'power8'), []);
});
