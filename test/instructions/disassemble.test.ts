// The disassembler agrees with GNU binutils on random words of every row.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, existsIn } from '../../src/isa/decode.ts';
import { disassemble, patternOf } from '../../src/isa/disassemble.ts';
import { mnemonicOf } from '../../src/isa/operand.ts';
import type { InstructionRow } from '../../src/isa/row.ts';
import { instructionTable } from '../../src/isa/table.ts';
import { gapReason } from './binutils-gaps.ts';
import { objdump, objdumpMissing } from './objdump.ts';

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

/** Words of all rows with random fields; reserved bits are 0. */
function sample(rows: readonly InstructionRow[]): Uint32Array {
  const next = randomWords(0x5eed);
  const words: number[] = [];
  const each = Math.max(wordsPerRow, Math.ceil(wordsInAll / instructionTable.length));
  for (const row of rows) {
    const pattern = patternOf(row);
    let fields = 0;
    for (const [name, { start, length }] of pattern.pieces) {
      // A pair is named by its even register.
      const ones = /^FR.p$/.test(name) ? 0b11110 : (1 << length) - 1;
      fields |= ones << (32 - start - length);
    }
    for (let i = 0; i < each; i++) words.push((pattern.value | (next() & fields)) >>> 0);
  }
  return Uint32Array.from(words);
}

/** The first difference of each row, as a list of texts. */
function differencesFrom(rows: readonly InstructionRow[], cpu: string): readonly string[] {
  const words = sample(rows);
  const expected = objdump(words, cpu);
  const differences = new Map<string, string>();
  for (const [i, word] of words.entries()) {
    const actual = disassemble(word, BigInt(4 * i));
    const theirs = expected[i] ?? '';
    if (actual === theirs) continue;
    const row = decode(word);
    const mnemonic = row ? mnemonicOf(row, patternOf(row), word) : '.long';
    if (gapReason(mnemonic, word, theirs) !== undefined) continue;
    const key = row ? row.mnemonic : '.long';
    if (!differences.has(key)) differences.set(key, `0x${word.toString(16)}: we "${actual}", objdump "${theirs}"`);
  }
  return [...differences.values()];
}

const skip = objdumpMissing() ?? false;

test('disassembly of random words of every POWER9 row is that of objdump', { skip }, () => {
  const rows = instructionTable.filter((row) => existsIn(row, '3.0'));
  assert.deepEqual(differencesFrom(rows, 'power9'), []);
});

test('disassembly of random words of rows that POWER10 brought is that of objdump', { skip }, () => {
  const rows = instructionTable.filter((row) => row.since === '3.1');
  assert.deepEqual(differencesFrom(rows, 'power10'), []);
});

test('disassembly of random words of rows that POWER9 removed is that of objdump', { skip }, () => {
  const rows = instructionTable.filter((row) => !existsIn(row, '3.0') && row.since !== '3.1');
  assert.deepEqual(differencesFrom(rows, 'power8'), []);
});
