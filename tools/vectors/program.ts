// The program that runs recorded cases on the oracle: for each case it loads every register from a block, executes the
// words, and stores every register back; at the end it writes all blocks to standard output.
import { assemble } from '../../src/isa/assemble.ts';
import { isPrefix } from '../../src/isa/field.ts';
import { block, harnessRegister, windowAddress, windowBytes } from '../../test/instructions/machine-state.ts';
import { elfHeaderBytes, staticElf } from './static-elf.ts';

const base = 0x0100_0000;
const pointer = `r${harnessRegister}`;

const each = (count: number, line: (n: number) => string) => Array.from({ length: count }, (_, n) => line(n));

/** Copies the memory window between a block and its place, through vs0. */
function copyWindow(fromBlock: boolean): string[] {
  const lines = [`lis r3, ${windowAddress >> 16}`];
  for (let i = 0; i < windowBytes; i += 16) {
    const inBlock = `${block.memory + i}(${pointer})`;
    const inPlace = `${i}(r3)`;
    lines.push(`lxv vs0, ${fromBlock ? inBlock : inPlace}`, `stxv vs0, ${fromBlock ? inPlace : inBlock}`);
  }
  return lines;
}

const loadAll = [
  'load_all:',
  ...copyWindow(true),
  `lfd f0, ${block.fpscr}(${pointer})`,
  'mtfsf 255, f0, 1, 0',
  ...[`ld r0, ${block.vscr}(${pointer})`, 'mtvsrdd vs32, 0, r0', 'mtvscr v0'],
  ...[`ld r0, ${block.cr}(${pointer})`, 'mtcrf 255, r0'],
  ...[`ld r0, ${block.xer}(${pointer})`, 'mtxer r0'],
  ...[`ld r0, ${block.ctr}(${pointer})`, 'mtctr r0'],
  ...[`ld r0, ${block.tar}(${pointer})`, 'mtspr 815, r0'],
  ...each(64, (n) => `lxv vs${n}, ${block.vsr + 16 * n}(${pointer})`),
  ...each(30, (n) => `ld r${n + 1}, ${block.gpr + 8 * (n + 1)}(${pointer})`),
  'blr',
];

const saveAll = [
  'save_all:',
  ...each(30, (n) => `std r${n + 1}, ${block.gpr + 8 * (n + 1)}(${pointer})`),
  ...['mfcr r0', `std r0, ${block.cr}(${pointer})`],
  ...['mfxer r0', `std r0, ${block.xer}(${pointer})`],
  ...['mfctr r0', `std r0, ${block.ctr}(${pointer})`],
  ...['mfspr r0, 815', `std r0, ${block.tar}(${pointer})`],
  ...each(64, (n) => `stxv vs${n}, ${block.vsr + 16 * n}(${pointer})`),
  ...['mffs f0', `stfd f0, ${block.fpscr}(${pointer})`],
  ...['mfvscr v0', 'mfvsrld r0, vs32', `std r0, ${block.vscr}(${pointer})`],
  ...copyWindow(false),
  'blr',
];

/** What a case runs and from which block; the block may depend on where the words will stand. */
export interface ProgramCase {
  readonly words: readonly number[];
  readonly state: (address: bigint) => Uint8Array;
}

/** The executable, and for each case the address of its first word. */
export interface Program {
  readonly elf: Uint8Array;
  readonly addresses: readonly bigint[];
}

/** A block as a program of the other byte order sees it: numbers reversed, the memory window as it is. */
export function swapBlock(state: Uint8Array): Uint8Array {
  const swapped = state.slice();
  const reverse = (from: number, to: number, size: number) => {
    for (let at = from; at < to; at += size) swapped.subarray(at, at + size).reverse();
  };
  reverse(block.gpr, block.vsr, 8);
  reverse(block.vsr, block.cr, 16);
  reverse(block.cr, block.memory, 8);
  return swapped;
}

/** Makes the program for cases. Blocks are given, and come out, in the byte order of the program. */
export function makeProgram(cases: readonly ProgramCase[], littleEndian: boolean): Program {
  const source = [
    'b start',
    ...loadAll,
    ...saveAll,
    'start:',
    ...cases.flatMap(({ words }, i) => [
      `lis ${pointer}, (blocks + ${i * block.bytes}) >> 16`,
      `ori ${pointer}, ${pointer}, (blocks + ${i * block.bytes}) & 0xffff`,
      'bl load_all',
      ...[`ld r0, ${block.lr}(${pointer})`, 'mtlr r0', `ld r0, 0(${pointer})`],
      // A prefixed instruction must not cross a 64-byte boundary.
      ...(isPrefix(words[0] ?? 0) ? [`b case${i}`, '.balign 64'] : []),
      `case${i}: .long ${words.join(', ')}`,
      ...[`std r0, 0(${pointer})`, 'mflr r0', `std r0, ${block.lr}(${pointer})`],
      'bl save_all',
    ]),
    `lis r4, blocks >> 16`,
    `ori r4, r4, blocks & 0xffff`,
    `lis r5, ${(cases.length * block.bytes) >> 16}`,
    `ori r5, r5, ${(cases.length * block.bytes) & 0xffff}`,
    'write: li r0, 4',
    'li r3, 1',
    'sc 0',
    'add r4, r4, r3',
    'subf. r5, r3, r5',
    'bgt write',
    'li r3, 0',
    'li r0, 1',
    'sc 0',
    '.balign 16',
    'blocks:',
  ].join('\n');
  const { bytes, symbols } = assemble(source, { origin: BigInt(base + elfHeaderBytes), littleEndian });
  const addresses = cases.map((_, i) => symbols.get(`case${i}`) ?? 0n);
  const contents = new Uint8Array(bytes.length + cases.length * block.bytes);
  contents.set(bytes);
  for (const [i, { state }] of cases.entries()) {
    contents.set(state(addresses[i] ?? 0n), bytes.length + i * block.bytes);
  }
  const zeros = { address: windowAddress - 0x1_0000, bytes: 0x2_0000 };
  return { elf: staticElf(base, contents, zeros, littleEndian), addresses };
}
