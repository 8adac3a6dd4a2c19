// Which instructions the table lacks: `npm run isa:coverage`. The list of what there is comes from trying out the opcode
// space, with and without prefixes, on the disassembler of GNU binutils, for POWER6 (ISA 2.05) to POWER10 (3.1).
import { mnemonicsOf } from '../src/isa/operand.ts';
import { instructionTable } from '../src/isa/table.ts';
import type { IsaVersion } from '../src/isa/version.ts';
import { generator } from '../test/instructions/machine-state.ts';
import { nameInEdition31, objdump, objdumpMissing } from '../test/instructions/objdump.ts';
import { readOptions } from './tool-options.ts';

const editions: readonly (readonly [edition: IsaVersion, cpu: string])[] = [
  ['2.05', 'power6'],
  ['2.06', 'power7'],
  ['2.07', 'power8'],
  ['3.0', 'power9'],
  ['3.1', 'power10'],
];

/** Primary opcodes of which some instructions have a part of their opcode at bits 11:15. */
const withMiddle: ReadonlySet<number> = new Set([4, 31, 60, 63]);

/** Words of each primary opcode: all values of bits 21:31, bits 6:20 at random and at a few fixed values. */
function opcodeSpace(primary: number, next: () => number): Uint32Array {
  const words: number[] = [];
  for (let low = 0; low < 2048; low++) {
    const middles = [
      0,
      1,
      0x7fff,
      0x0421,
      0x4210,
      0x2108,
      0x1000,
      ...Array.from({ length: 12 }, () => next() & 0x7fff),
    ];
    if (withMiddle.has(primary))
      for (let part = 0; part < 32; part++) middles.push((part << 5) | 0x1000, (part << 5) | 0x1004);
    for (const middle of middles) words.push(((primary << 26) | (middle << 11) | low) >>> 0);
  }
  return Uint32Array.from(words);
}

/** An example of an instruction: its word, the suffix of a prefixed one. */
interface Known {
  readonly word: number;
  readonly prefixed: boolean;
}

/**
 * Prefixes and suffixes: all types and subtypes. Where the extended opcode of a suffix stands depends on its form: none, at
 * bits 11:15, or at bits 21:28 and 26:27.
 */
function prefixedSpace(primary: number): Uint32Array {
  const words: number[] = [];
  for (let subtype = 0; subtype < 64; subtype++) {
    const prefix = ((1 << 26) | (subtype << 20)) >>> 0;
    const add = (suffix: number) => words.push(prefix, ((primary << 26) | suffix) >>> 0);
    // Types 0 and 2 are loads, stores and immediates.
    for (let middle = 0; middle < 32; middle++) add((middle << 16) | 0x0080_0000);
    if ((subtype & 0x10) !== 0) for (let low = 0; low < 256; low++) add((low << 3) | 0x0080_8000);
  }
  return Uint32Array.from(words);
}

/** Mnemonics that binutils knows for a CPU, each with an example word. */
function knownMnemonics(cpu: string): Map<string, Known> {
  const next = generator(1);
  const found = new Map<string, Known>();
  const note = (text: string, word: number, prefixed = false) => {
    const [mnemonic = ''] = nameInEdition31(text).split(' ');
    if (mnemonic !== '' && !mnemonic.startsWith('.') && !found.has(mnemonic)) found.set(mnemonic, { word, prefixed });
  };
  for (let primary = 0; primary < 64; primary++) {
    const words = opcodeSpace(primary, next);
    for (const [i, text] of objdump(words, cpu).entries()) note(text, words[i] ?? 0);
    if (cpu !== 'power10') continue;
    const prefixed = prefixedSpace(primary);
    for (const [i, text] of objdump(prefixed, cpu).entries()) if (i % 2 === 0) note(text, prefixed[i + 1] ?? 0, true);
  }
  return found;
}

/** The facility that an instruction belongs to, by its name and primary opcode. */
function facilityOf(mnemonic: string, { word, prefixed }: Known): string {
  if (/^(pm)?xv.*ger|acc/.test(mnemonic)) return 'matrix-multiply assist';
  if (prefixed) return 'prefixed';
  const primary = word >>> 26;
  if (/^t(begin|end|check|sr|abort|reclaim|rechkpt)/.test(mnemonic)) return 'transactional memory';
  if (/^(x[svx]|lx|stx|m[tf]vsr)/.test(mnemonic)) return 'VSX';
  if (/^(v|bcd|lv|stv|m[tf]vscr|dst|dss)/.test(mnemonic)) return 'vector';
  if ((primary === 59 || primary === 63) && /^d/.test(mnemonic)) return 'decimal floating point';
  if (primary === 59 || primary === 63 || /^(lf|stf)/.test(mnemonic)) return 'floating point';
  return 'fixed point, branch and system';
}

/** Mnemonics that binutils has for these CPUs, and Power ISA 2.07 to 3.1 for servers have not. */
const outside: readonly (readonly [reason: string, mnemonics: readonly string[]])[] = [
  ['for service processors, not in the architecture', ['attn']],
  ['hints of POWER6 alone', ['dcbzl', 'mffgpr', 'mftgpr']],
  ['embedded and 32-bit processors', ['dcbi', 'rfi', 'tlbld', 'tlbli', 'waitasec', 'mcrxr', 'pbt.']],
  ['the bridge to 32-bit systems, phased out', ['mtsrd', 'mtsrdin']],
  ['optional, and in no server from 2.07 on', ['tlbia', 'eciwx', 'ecowx', 'mtsle']],
  ['coprocessors, gone with 3.0', ['icswx', 'icswx.']],
];

function report(): void {
  const reason = objdumpMissing();
  if (reason !== undefined) throw new Error(reason);
  const ours = new Set(instructionTable.flatMap((row) => mnemonicsOf(row).map(({ mnemonic }) => mnemonic)));
  const counts = new Map<string, { known: number; missing: string[] }>();
  const seen = new Set<string>();
  const newest = knownMnemonics('power10');
  for (const [edition, cpu] of editions) {
    const known = cpu === 'power10' ? newest : knownMnemonics(cpu);
    for (const [mnemonic, example] of known) {
      if (seen.has(mnemonic)) continue;
      seen.add(mnemonic);
      const gone = newest.has(mnemonic) ? '' : ' (not in POWER10)';
      const key = `${edition}\t${facilityOf(mnemonic, example)}`;
      const count = counts.get(key) ?? { known: 0, missing: [] };
      counts.set(key, count);
      count.known++;
      if (ours.has(mnemonic)) continue;
      count.missing.push(`${mnemonic}${gone}`);
    }
  }
  console.log('edition\tfacility\thave\tof\tmissing');
  for (const [key, { known, missing }] of counts) {
    console.log(`${key}\t${known - missing.length}\t${known}\t${missing.sort().join(', ')}`);
  }
  const missing = [...counts.values()].flatMap((count) => count.missing.map((text) => text.replace(/ .*/, '')));
  console.log('\nmissing, and no instruction of Power ISA 2.07 to 3.1 for servers:');
  for (const [reason, mnemonics] of outside) {
    const listed = mnemonics.filter((mnemonic) => missing.includes(mnemonic));
    if (listed.length > 0) console.log(`  ${reason}: ${listed.join(' ')}`);
  }
  const known = [...counts.values()].reduce((sum, count) => sum + count.known, 0);
  const isOutside = (mnemonic: string) => outside.some(([, mnemonics]) => mnemonics.includes(mnemonic));
  const expected = known - missing.filter(isOutside).length;
  const have = known - missing.length;
  console.log(`\n${have} of the ${expected} others: ${((100 * have) / expected).toFixed(1)} %`);
  console.log('there, but with one outcome: each transaction of the transactional memory facility fails');
  const unexplained = missing.filter((mnemonic) => !isOutside(mnemonic));
  console.log(
    unexplained.length === 0 ? 'Nothing else is missing.' : `Missing without a reason: ${unexplained.join(' ')}`,
  );
  if (unexplained.length > 0) process.exitCode = 1;
}

const usage = `Usage: npm run isa:coverage
Says which instructions the table lacks, by the disassembler of GNU binutils.
`;
readOptions({ name: 'isa:coverage', usage }, { options: {} });
report();
