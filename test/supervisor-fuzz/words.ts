// Random code of supervisor state: words weighted towards what changes the state of a CPU, and short sequences that only do something
// when they stand together (a call of the platform with its arguments, a store to code ahead).
import { parsePattern } from '../../src/isa/field.ts';
import { sprTable } from '../../src/isa/spr-table.ts';
import { instructionTable } from '../../src/isa/table.ts';
import type { Random } from '../translator-fuzz/random.ts';
import { enterNested, enterNestedWords } from './nested.ts';

/** Numbers of the calls that a machine has. */
export interface CallNumbers {
  readonly hypercalls: readonly number[];
  readonly rtasTokens: readonly number[];
}

const rows = instructionTable.map((row) => ({ row, ...parsePattern(row.pattern) }));
type Row = (typeof rows)[number];
const named = (names: RegExp): readonly Row[] => rows.filter(({ row }) => names.test(row.mnemonic));
const branches = rows.filter(({ row }) => row.endsBlock === true);
const context = named(
  /^(mtmsrd?|rfid|rfscv|rfebb|hrfid|isync|slb|tlb|scv?$|msg|stop|wait|icbi|dcb|sync|tabort|tbegin|treclaim|trechkpt)/,
);
const memory = named(/^(l|st)(b|h|w|d|q|f|v|x|m|sw)/);
const special = sprTable.map(({ number }) => number);

/** `sc 1`, and the number of the hypercall that RTAS is called through. */
const hypercallWord = 0x4400_0022;
const rtasNumber = 0xf000;
/** Register that points at {@link CallBlocks} of RTAS calls. */
export const blockRegister = 31;
/** Bytes of one block, and how many of them are reached with an offset of 15 bits. */
export const blockBytes = 128;
export const blockCount = 200;

const instruction = (random: Random, { value, mask }: Row): number => (value | (random.word() & ~mask)) >>> 0;
const addImmediate = (target: number, base: number, immediate: number): number =>
  (0x3800_0000 | (target << 21) | (base << 16) | (immediate & 0xffff)) >>> 0;

/** An SPR number with its halves swapped, as mtspr and mfspr have it. */
function sprField(number: number): number {
  return (((number & 31) << 5) | (number >> 5)) << 11;
}

function moveSpr(random: Random): number {
  const number = random.chance(0.9) ? random.pick(special) : random.below(1024);
  const operation = random.chance(0.7) ? 467 : 339;
  return (0x7c00_0000 | (random.below(32) << 21) | sprField(number) | (operation << 1)) >>> 0;
}

/** A branch that stays near, most often. */
function branch(random: Random): number {
  if (random.chance(0.2)) return instruction(random, random.pick(branches));
  const distance = random.between(-40, 40) * 4;
  if (random.chance(0.3)) return (0x4800_0000 | (distance & 0x03ff_fffc) | random.below(2)) >>> 0;
  return (
    (0x4000_0000 | (random.below(32) << 21) | (random.below(32) << 16) | (distance & 0xfffc) | random.below(2)) >>> 0
  );
}

/** A hypercall with a few arguments made on the spot; the others are what registers hold. */
function hypercall(random: Random, numbers: CallNumbers): number[] {
  const words: number[] = [];
  for (let register = 4; register < 10; register++) {
    if (random.chance(0.4))
      words.push(addImmediate(register, 0, random.chance(0.6) ? random.below(64) : random.word()));
    // Shifted left by 16: around the tables and the end of RAM.
    else if (random.chance(0.3)) words.push((0x3c00_0000 | (register << 21) | random.below(0x1100)) >>> 0);
  }
  const number = random.chance(0.95) ? random.pick(numbers.hypercalls) : random.below(0x200) << 2;
  // li sign-extends; li 0 and ori give any number of 16 bits.
  words.push(addImmediate(3, 0, 0), (0x6063_0000 | (number & 0xffff)) >>> 0, hypercallWord);
  return words;
}

function rtasCall(random: Random): number[] {
  return [
    addImmediate(4, blockRegister, random.below(blockCount) * blockBytes),
    addImmediate(3, 0, 0),
    (0x6063_0000 | rtasNumber) >>> 0,
    hypercallWord,
  ];
}

/** Writes a word into the code ahead, with or without what makes that visible by the architecture. */
function selfModification(random: Random): number[] {
  const ahead = 4 * random.between(3, 60);
  const words = [0x4800_0005, 0x7fa8_02a6, (0x9000_0000 | (random.below(32) << 21) | (29 << 16) | ahead) >>> 0]; // bl .+4; mflr r29; stw
  if (random.chance(0.5)) words.push(0x7c00_04ac, 0x7c00_efac, 0x4c00_012c); // sync; icbi 0,r29; isync
  return words;
}

/** A random load or store with a base register that points somewhere, most often. */
function access(random: Random): number {
  const word = instruction(random, random.pick(memory));
  if (random.chance(0.3)) return word;
  return ((word & ~(31 << 16)) | (random.between(20, 28) << 16)) >>> 0;
}

/** Fills `words` with code. */
export function fillWithCode(words: number[], count: number, random: Random, numbers: CallNumbers): void {
  while (words.length < count) {
    const kind = random.below(100);
    if (kind < 36) words.push(instruction(random, random.pick(rows)));
    else if (kind < 50) words.push(access(random));
    else if (kind < 62) words.push(branch(random));
    else if (kind < 72) words.push(moveSpr(random));
    else if (kind < 82) words.push(instruction(random, random.pick(context)));
    else if (kind < 88) words.push(...hypercall(random, numbers));
    else if (kind < 90) words.push(...rtasCall(random));
    else if (kind < 91 && numbers.hypercalls.includes(enterNested)) words.push(...enterNestedWords(random));
    else if (kind < 93) words.push(...selfModification(random));
    // A prefix, with whatever follows.
    else if (kind < 95) words.push((0x0400_0000 | (random.word() & 0x03ff_ffff)) >>> 0);
    else words.push(random.word());
  }
}

/** Fills `view` with random blocks of RTAS calls: token, counts of cells, cells. */
export function fillCallBlocks(view: DataView, random: Random, numbers: CallNumbers, ramBytes: number): void {
  for (let block = 0; block < blockCount; block++) {
    const at = block * blockBytes;
    view.setUint32(at, random.chance(0.95) ? random.pick(numbers.rtasTokens) : random.word());
    view.setUint32(at + 4, random.chance(0.1) ? random.word() : random.below(9));
    view.setUint32(at + 8, random.chance(0.1) ? random.word() : random.below(9));
    for (let cell = 12; cell < blockBytes; cell += 4) {
      const kind = random.below(4);
      const value =
        kind === 0
          ? random.below(16)
          : kind === 1
            ? random.below(ramBytes)
            : kind === 2
              ? 0x1000 + random.below(0x400)
              : random.word();
      view.setUint32(at + cell, value);
    }
  }
}
