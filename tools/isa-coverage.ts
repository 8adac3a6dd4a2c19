// Which instructions of POWER9 the table lacks: `npm run isa:coverage`. The list of what there is comes from trying out
// the opcode space on the disassembler of GNU binutils, for POWER6 (ISA 2.05) to POWER9 (3.0).
import { mnemonicsOf } from '../src/isa/operand.ts';
import { instructionTable } from '../src/isa/table.ts';
import type { IsaVersion } from '../src/isa/version.ts';
import { generator } from '../test/instructions/machine-state.ts';
import { objdump, objdumpMissing } from '../test/instructions/objdump.ts';

const editions: readonly (readonly [edition: IsaVersion, cpu: string])[] = [
  ['2.05', 'power6'],
  ['2.06', 'power7'],
  ['2.07', 'power8'],
  ['3.0', 'power9'],
];

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
    for (const middle of middles) words.push(((primary << 26) | (middle << 11) | low) >>> 0);
  }
  return Uint32Array.from(words);
}

/** Mnemonics that binutils knows for a CPU, each with an example word. */
function knownMnemonics(cpu: string): Map<string, number> {
  const next = generator(1);
  const found = new Map<string, number>();
  for (let primary = 0; primary < 64; primary++) {
    const words = opcodeSpace(primary, next);
    for (const [i, text] of objdump(words, cpu).entries()) {
      const [mnemonic = ''] = text.split(' ');
      if (mnemonic !== '' && !mnemonic.startsWith('.') && !found.has(mnemonic)) found.set(mnemonic, words[i] ?? 0);
    }
  }
  return found;
}

/** The facility that an instruction belongs to, by its name and primary opcode. */
function facilityOf(mnemonic: string, word: number): string {
  const primary = word >>> 26;
  if (/^t(begin|end|check|sr|abort|reclaim|rechkpt)/.test(mnemonic)) return 'transactional memory';
  if (/^(x[svx]|lx|stx|m[tf]vsr)/.test(mnemonic)) return 'VSX';
  if (/^(v|bcd|lv|stv|m[tf]vscr|dst|dss)/.test(mnemonic)) return 'vector';
  if ((primary === 59 || primary === 63) && /^d/.test(mnemonic)) return 'decimal floating point';
  if (primary === 59 || primary === 63 || /^(lf|stf)/.test(mnemonic)) return 'floating point';
  return 'fixed point, branch and system';
}

/** Mnemonics that binutils has for these CPUs, and Power ISA 2.07 and 3.0 for servers have not. */
const outside: readonly (readonly [reason: string, mnemonics: readonly string[]])[] = [
  ['for service processors, not in the architecture', ['attn']],
  ['hints of POWER6 alone', ['dcbzl', 'mffgpr', 'mftgpr']],
  ['embedded and 32-bit processors', ['dcbi', 'rfi', 'tlbld', 'tlbli', 'waitasec', 'mcrxr', 'pbt.']],
  ['the bridge to 32-bit systems, phased out', ['mtsrd', 'mtsrdin']],
  ['optional, and in no server from 2.07 on', ['tlbia', 'eciwx', 'ecowx', 'mtsle']],
  ['coprocessors, gone with 3.0', ['icswx', 'icswx.']],
  ['of 3.1', ['hashst', 'hashchk', 'hashstp', 'hashchkp']],
];

function report(): void {
  const reason = objdumpMissing();
  if (reason !== undefined) throw new Error(reason);
  const ours = new Set(instructionTable.flatMap((row) => mnemonicsOf(row).map(({ mnemonic }) => mnemonic)));
  const counts = new Map<string, { known: number; missing: string[] }>();
  const seen = new Set<string>();
  const newest = knownMnemonics('power9');
  for (const [edition, cpu] of editions) {
    const known = cpu === 'power9' ? newest : knownMnemonics(cpu);
    for (const [mnemonic, word] of known) {
      if (seen.has(mnemonic)) continue;
      seen.add(mnemonic);
      const gone = newest.has(mnemonic) ? '' : ' (not in POWER9)';
      const key = `${edition}\t${facilityOf(mnemonic, word)}`;
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
  console.log('\nmissing, and no instruction of Power ISA 2.07 or 3.0 for servers:');
  for (const [reason, mnemonics] of outside) {
    const listed = mnemonics.filter((mnemonic) => missing.includes(mnemonic));
    if (listed.length > 0) console.log(`  ${reason}: ${listed.join(' ')}`);
  }
  const unexplained = missing.filter((mnemonic) => !outside.some(([, mnemonics]) => mnemonics.includes(mnemonic)));
  console.log(
    unexplained.length === 0 ? 'Nothing else is missing.' : `Missing without a reason: ${unexplained.join(' ')}`,
  );
  if (unexplained.length > 0) process.exitCode = 1;
}

report();
