// Each CPU's edition has the instructions that binutils knows for that CPU, and no others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decoderOf } from '../../src/isa/decode.ts';
import { mnemonicOf } from '../../src/isa/operand.ts';
import { patternOf } from '../../src/isa/row-pattern.ts';
import { instructionTable } from '../../src/isa/table.ts';
import type { IsaVersion } from '../../src/isa/version.ts';
import { nameInEdition31, objdump, objdumpMissing } from './objdump.ts';

const cpus: readonly (readonly [cpu: string, edition: IsaVersion])[] = [
  ['power6', '2.05'],
  ['power7', '2.06'],
  ['power8', '2.07'],
  ['power9', '3.0'],
  ['power10', '3.1'],
];

interface Gap {
  readonly mnemonic: RegExp;
  readonly editions: readonly IsaVersion[];
  readonly reason: string;
}

const all: readonly IsaVersion[] = ['2.05', '2.06', '2.07', '3.0', '3.1'];
const gaps: readonly Gap[] = [
  {
    mnemonic: /^(rnop|m[tf]ocrf|mftb)$/,
    editions: all,
    reason: 'no name of its own, or another name for random fields',
  },
  {
    mnemonic: /^hash/,
    editions: ['2.07', '3.0'],
    reason: 'binutils names reserved-nops that do nothing on these CPUs',
  },
  {
    mnemonic: /^vabsdu[bhw]$/,
    editions: ['2.07'],
    reason: 'of the embedded e6500, whose vector category POWER8 shares',
  },
  {
    mnemonic: /^(l[bh]arx|st[bh]cx\.)$/,
    editions: ['2.06'],
    reason: 'of the books since 2.06; binutils has them from POWER8 on',
  },
  { mnemonic: /^(lfdpx?|stfdpx?)$/, editions: ['2.06', '2.07', '3.0', '3.1'], reason: 'phased out, but in the books' },
  {
    mnemonic: /^(addg6s|cdtbcd|cbcdtd|slbfee\.)$/,
    editions: ['2.05'],
    reason: 'POWER6 had them before the books, in 2.06',
  },
  { mnemonic: /^isel$/, editions: ['2.05'], reason: 'in the books since 2.03, but not in POWER6' },
  { mnemonic: /^icbt$/, editions: ['2.05', '2.06'], reason: 'of embedded CPUs before 2.07' },
  {
    mnemonic: /^(t(begin|end|sr|abort|reclaim|rechkpt)|tcheck$)/,
    editions: ['3.1'],
    reason: 'removed with 3.1; binutils goes on with them',
  },
];

/** Words of every row, with random fields from a fixed seed; prefixed ones are all of edition 3.1. */
function samples(): Uint32Array {
  let state = 0x5eed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state ^ (state >>> 13)) >>> 0;
  };
  const words = instructionTable.flatMap((row) => {
    if (row.prefix !== undefined) return [];
    const pattern = patternOf(row);
    const fields = [...pattern.pieces.values()].reduce(
      (mask, { start, length }) => mask | ((2 ** length - 1) << (32 - start - length)),
      0,
    );
    return Array.from({ length: 48 }, (_, i) => (pattern.value | (i === 0 ? 0 : next() & fields)) >>> 0);
  });
  return Uint32Array.from(words);
}

const skip = objdumpMissing() ?? false;

test('an instruction exists in the editions of the CPUs that have it', { skip }, () => {
  const words = samples();
  const newest = decoderOf();
  const used = new Set<Gap>();
  const differences: string[] = [];
  for (const [cpu, edition] of cpus) {
    const texts = objdump(words, cpu);
    const decode = decoderOf(edition);
    const known = new Map<string, { ours: boolean; theirs: boolean }>();
    words.forEach((word, i) => {
      const row = newest(word);
      if (row === undefined) return;
      const entry = known.get(row.mnemonic) ?? { ours: false, theirs: false };
      known.set(row.mnemonic, entry);
      const own = decode(word);
      if (own?.mnemonic === row.mnemonic) entry.ours = true;
      const name = nameInEdition31(texts[i] ?? '').split(' ')[0];
      if (name === mnemonicOf(row, patternOf(row), word)) entry.theirs = true;
    });
    for (const [mnemonic, { ours, theirs }] of known) {
      if (ours === theirs) continue;
      const gap = gaps.find((one) => one.mnemonic.test(mnemonic) && one.editions.includes(edition));
      if (gap) used.add(gap);
      else differences.push(`${mnemonic} in ${edition}: ${ours ? 'we have it' : 'binutils has it'}`);
    }
  }
  assert.deepEqual(differences, []);
  assert.deepEqual(
    gaps.filter((gap) => !used.has(gap)),
    [],
    'each gap stands for something',
  );
});
