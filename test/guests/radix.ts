// Guests that load, store and execute through radix trees: every access authority, AMR and IAMR, every page size, R and C
// afterwards, the quadrants that a guest has not; and each way to have a changed entry seen, with and without GTSE
// (Power ISA v3.1 Book III, sections 6.7.10, 6.7.12, 6.9.3.3; PAPR, "H_REGISTER_PROC_TBL", "H_RPT_INVALIDATE").
import type { Access } from '../mmu/hash-model.ts';
import { type Leaf, leafBit, translateRadix } from '../mmu/radix-model.ts';
import { type Guest, type GuestCase, place } from './guest-case.ts';
import { completed, editionOfCpu, interrupt, msr, type Partition, program, storage } from './model.ts';

const { SF, ME, PR, IR, DR, RI, EE } = msr;

/** Real addresses of the tables, in memory that nothing else uses. */
const table = {
  process: 0x200_0000n,
  root: 0x201_0000n,
  upper: 0x202_0000n,
  middle: 0x203_0000n,
  low: 0x204_0000n,
} as const;
const tablesEnd = 0x205_0000n;
const flags = { modify: 0x10n, register: 8n, radix: 4n, gtse: 1n } as const;

const other = place.data + 0x1000n;
const trapWord = 0x7fe0_0008n;
const otherWord = 0x1234_5678n;

/** A page size: address of the page that leads to the data page, the real address of its entry, and AP. */
interface Size {
  readonly shift: bigint;
  readonly ea: bigint;
  readonly at: bigint;
  readonly ap: bigint;
}

/** Each in a gibibyte of its own; the first one shows real memory. */
const sizes: readonly Size[] = [
  { shift: 12n, ea: 0x4000_0000n, at: table.low, ap: 0n },
  { shift: 16n, ea: 0x8000_0000n, at: table.low + 0x1000n, ap: 5n },
  { shift: 21n, ea: 0xc010_0000n, at: table.middle + 0x2000n, ap: 1n },
  { shift: 30n, ea: 0x1_00f0_0000n, at: table.upper + 32n, ap: 2n },
];

const load64 = (register: string, value: bigint): string => {
  const half = (shift: bigint): string => String((value >> shift) & 0xffffn);
  const high = `lis ${register}, ${BigInt.asIntN(16, value >> 48n)}\n ori ${register}, ${register}, ${half(32n)}`;
  return `${high}\n sldi ${register}, ${register}, 32\n oris ${register}, ${register}, ${half(16n)}\n ori ${register}, ${register}, ${half(0n)}`;
};
const put = (at: bigint, value: bigint): string => `${load64('r4', at)}\n ${load64('r5', value)}\n std r5, 0(r4)`;
const directory = (to: bigint, bits: bigint): bigint => leafBit.valid | to | bits;

const register = (bits: bigint): string => `
        ${load64('r4', bits)}
        ${load64('r5', table.process)}
        li r6, 0
        li r7, 0
        li r3, 0x37c
        sc 1
        cmpdi r3, 0
        bne .`;

const radixWith = (gtse: boolean): string =>
  register(flags.modify | flags.register | flags.radix | (gtse ? flags.gtse : 0n));

/** Builds the tables and turns to radix. */
const build = `
        ${load64('r4', table.process)}
        li r5, ${(tablesEnd - table.process) / 128n}
        mtctr r5
1:      dcbz 0, r4
        addi r4, r4, 128
        bdnz 1b
        ${put(table.process, 0x4000_0000_0000_00a0n | table.root | 13n)}
        ${put(table.root, directory(table.upper, 9n))}
        ${put(table.upper, leafBit.valid | leafBit.leaf | 0x180n | leafBit.read | leafBit.write | leafBit.execute)}
        ${put(table.upper + 8n, directory(table.middle, 9n))}
        ${put(table.upper + 16n, directory(table.middle + 0x1000n, 9n))}
        ${put(table.upper + 24n, directory(table.middle + 0x2000n, 9n))}
        ${put(table.middle, directory(table.low, 9n))}
        ${put(table.middle + 0x1000n, directory(table.low + 0x1000n, 5n))}
        ${radixWith(true)}`;

const words = `
        ${load64('r4', place.data)}
        ${load64('r5', trapWord)}
        stw r5, 0(r4)
        dcbst 0, r4
        sync
        icbi 0, r4
        ${load64('r4', other)}
        ${load64('r5', otherWord)}
        stw r5, 0(r4)`;

/** All translations of this vCPU go: the local form needs no GTSE. */
const forgetAll = `sync\n li r8, 0xc00\n li r9, 0\n tlbiel r8, r9, 2, 1, 1\n sync`;

/** r4 of the record: R and C of the entry, which is taken away. */
const after = (size: Size): string => `
        li r4, 0
        mtspr 29, r4
        mtspr 61, r4
        ${load64('r6', size.at)}
        ld r5, 0(r6)
        std r4, 0(r6)
        ${forgetAll}
        andi. r5, r5, 0x180
        lis r4, record@ha
        addi r4, r4, record@l
        std r5, 80(r4)`;

const context = (problem: boolean): bigint => SF | ME | IR | DR | RI | (problem ? EE | PR : 0n);
const accesses: Readonly<Record<Access, string>> = { load: 'lwz r3, 0(r5)', store: 'stw r3, 0(r5)', fetch: '' };

function leafOf({ shift }: Size, bits: bigint): bigint {
  return leafBit.valid | leafBit.leaf | ((place.data >> shift) << shift) | bits;
}

interface Registers {
  readonly amr: bigint;
  readonly iamr: bigint;
}

function accessCase(
  partition: Partition,
  size: Size,
  rights: bigint,
  { amr, iamr }: Registers,
  problem: boolean,
  access: Access,
  ea = size.ea,
): GuestCase {
  const word = leafOf(size, rights);
  const prepare = `${words}\n ${put(size.at, word)}\n ${forgetAll}
        ${load64('r4', amr)}\n mtspr 29, r4\n ${load64('r4', iamr)}\n mtspr 61, r4\n isync`;
  const parts = {
    msr: context(problem),
    registers: [access === 'load' ? 0n : trapWord, 0n, ea],
    prepare,
    after: after(size),
    ...(access === 'fetch' ? { entry: ea } : {}),
  };
  const leaf: Leaf = { start: (size.ea >> size.shift) << size.shift, shift: size.shift, at: 0, word };
  const outcome = translateRadix(() => [leaf], { problem, pid: 0, amr, iamr }, ea, access);
  const keys = amr | iamr ? `, AMR ${amr >> 60n} IAMR ${iamr >> 60n}` : '';
  return {
    name: `2^${size.shift} at ${ea.toString(16)}, authority ${rights}${keys}, ${problem ? 'problem' : 'supervisor'}, ${access}`,
    ...parts,
    code: accesses[access],
    expect: (at) => {
      const fetch = access === 'fetch';
      if (outcome.kind === 'segment') {
        const raised = fetch ? { vector: 0x480n, resume: ea } : { vector: 0x380n, resume: at, dar: ea };
        return { ...interrupt(partition, parts, raised), r4: 0n };
      }
      if (outcome.kind === 'fault') {
        const { bits } = outcome;
        const raised = fetch
          ? { vector: 0x400n, resume: ea, status: bits }
          : { vector: 0x300n, resume: at, dar: ea, dsisr: bits | (access === 'store' ? storage.store : 0n) };
        return { ...interrupt(partition, parts, raised), r4: 0n };
      }
      const touched = leafBit.referenced | (access === 'store' ? leafBit.changed : 0n);
      if (fetch) {
        const raised = { vector: 0x700n, resume: ea, status: program.trap };
        return { ...interrupt(partition, parts, raised), r4: touched };
      }
      return { ...completed(partition, parts, at + 4n), r3: trapWord, r4: touched };
    },
  };
}

/** An instruction or call that makes a change of `size`'s entry seen: r8 is free, r5 the page's address. */
interface Way {
  readonly name: string;
  readonly code: (size: Size) => string;
  readonly notOnQemu?: string;
  /** Without GTSE it is a privileged instruction. */
  readonly needsGtse: boolean;
}

const invalidate = (mnemonic: string, ric: number, rb: (size: Size) => bigint): Way => ({
  name: `${mnemonic} RIC ${ric}, RB ${rb({ shift: 12n, ea: 0n, at: 0n, ap: 5n }).toString(16)}`,
  code: (size) => `${load64('r8', rb(size))}\n li r4, 0\n ${mnemonic} r8, r4, ${ric}, 1, 1`,
  needsGtse: mnemonic === 'tlbie',
});

const hypercall = (name: string, what: bigint, arguments_: (size: Size) => readonly [bigint, bigint, bigint]): Way => ({
  name: `H_RPT_INVALIDATE ${name}`,
  code: (size) => {
    const [pages, start, end] = arguments_(size);
    const loads = [0n, 1n, what, pages, start, end].map((value, n) => load64(`r${4 + n}`, value));
    return `mr r10, r5\n ${loads.join('\n')}\n li r3, 0x448\n sc 1\n mr r5, r10`;
  },
  notOnQemu: 'QEMU 7.2 has no H_RPT_INVALIDATE',
  needsGtse: false,
});

const sizeBit = ({ shift }: Size): bigint => ({ 12: 1n, 16: 2n, 21: 4n, 30: 8n })[Number(shift)] ?? 0n;
const everything = (1n << 64n) - 1n;
const ways: readonly Way[] = [
  ...['tlbie', 'tlbiel'].flatMap((mnemonic) => [
    ...[0, 2].map((ric) => invalidate(mnemonic, ric, () => 1n << 10n)),
    ...[0, 2].map((ric) => invalidate(mnemonic, ric, () => 3n << 10n)),
    invalidate(mnemonic, 0, ({ ea, ap }) => (ea & ~0xfffn) | (ap << 5n)),
  ]),
  hypercall('of all', 0xen, () => [0n, 0n, everything]),
  hypercall('of the process', 2n, () => [0n, 0n, everything]),
  hypercall('of a page', 2n, (size) => [sizeBit(size), size.ea, size.ea + 1n]),
  hypercall('of a range', 6n, (size) => [15n, size.ea & ~0xfffn, size.ea + 0x1000n]),
];

/** Loads, changes the entry to show the other page, invalidates, loads again: r3 is what the second load saw. */
function changeCase(partition: Partition, size: Size, way: Way, gtse: boolean): GuestCase {
  const bits = 0x180n | leafBit.read | leafBit.write;
  // The other page of 4 KiB; larger pages take the right away instead, so that the second load faults.
  const small = size.shift === 12n;
  const changed = small ? leafBit.valid | leafBit.leaf | other | bits : leafOf(size, 0x180n | leafBit.execute);
  const parts = {
    msr: context(false),
    registers: [0n, 0n, size.ea],
    prepare: `${radixWith(gtse)}\n ${words}\n ${put(size.at, leafOf(size, bits))}\n ${forgetAll}`,
    after: `${after(size)}\n ${gtse ? '' : radixWith(true)}`,
  };
  const before = `lwz r3, 0(r5)\n ${load64('r6', size.at)}\n ${load64('r7', changed)}\n std r7, 0(r6)\n sync`;
  const code = `${before}\n ${way.code(size)}\n sync\n isync\n lwz r3, 0(r5)`;
  // 1 + 5 + 5 + 2 instructions before.
  const at = (start: bigint, text: string): bigint => start + 4n * BigInt(text.split('\n').length);
  return {
    name: `change of 2^${size.shift}, ${way.name}, ${gtse ? 'GTSE' : 'no GTSE'}`,
    ...parts,
    ...(way.notOnQemu === undefined ? {} : { notOnQemu: way.notOnQemu }),
    code,
    expect: (start) => {
      if (way.needsGtse && !gtse) {
        const instruction = at(start, `${before}\n ${way.code(size)}`) - 4n;
        const raised = { vector: 0x700n, resume: instruction, status: program.privileged };
        return { ...interrupt(partition, parts, raised), r3: trapWord, r4: 0x180n };
      }
      if (small) return { ...completed(partition, parts, at(start, code)), r3: otherWord, r4: 0x180n };
      const load = at(start, code) - 4n;
      const raised = { vector: 0x300n, resume: load, dar: size.ea, dsisr: storage.protection };
      return { ...interrupt(partition, parts, raised), r3: way.notOnQemu ? 0n : trapWord, r4: 0x180n };
    },
  };
}

/** Forms that need a hypervisor whatever GTSE is, and those that need GTSE. */
function privilegedCase(partition: Partition, name: string, code: string, problem: boolean, gtse: boolean): GuestCase {
  const [size] = sizes;
  if (!size) throw new Error('there are sizes');
  const parts = {
    msr: context(problem),
    registers: [0n, 0n, 0n],
    prepare: radixWith(gtse),
    after: `${after(size)}\n ${gtse ? '' : radixWith(true)}`,
  };
  const raised = (at: bigint) => ({ vector: 0x700n, resume: at, status: program.privileged });
  return {
    name: `${name}, ${problem ? 'problem' : 'supervisor'}, ${gtse ? 'GTSE' : 'no GTSE'}`,
    ...parts,
    code,
    expect: (at) => ({ ...interrupt(partition, parts, raised(at)), r4: 0n }),
  };
}

/** Arguments of H_RPT_INVALIDATE and its answer, in the order of its checks; r3 of the record. */
const answers: readonly (readonly [name: string, arguments_: readonly bigint[], status: bigint])[] = [
  ['a range that ends before it starts', [0n, 1n, 3n, 1n, 2n, 1n], -58n],
  ['of a nested guest', [0n, 2n, 3n, 1n, 0n, 1n], -2n],
  ['everything of a process', [9n, 1n, 0xen, 0n, 5n, 5n], 0n],
  ['the walk cache', [9n, 1n, 4n, 0n, 0n, 1n], 0n],
  ['a process', [9n, 0n, 2n, 0n, 0n, everything], 0n],
  ['a range without a page size', [9n, 1n, 2n, 0n, 0n, 0x1000n], 0n],
  ['a range of another target', [9n, 8n, 2n, 1n, 0x1000n, 0x2000n], 0n],
  ['a range beyond any ceiling', [9n, 1n, 2n, 15n, 0x1000n, everything], 0n],
];

function answerCase(partition: Partition, [name, list, status]: (typeof answers)[number]): GuestCase {
  const parts = { msr: SF | ME | RI, registers: [0n, 0n, 0n], notOnQemu: 'QEMU 7.2 has no H_RPT_INVALIDATE' };
  const loads = list.map((value, n) => load64(`r${4 + n}`, value)).join('\n');
  const code = `${loads}\n li r3, 0x448\n sc 1`;
  const end = BigInt(4 * code.split('\n').length);
  return {
    name: `H_RPT_INVALIDATE: ${name}`,
    ...parts,
    code,
    expect: (at) => ({
      ...completed(partition, parts, at + end),
      r3: BigInt.asUintN(64, status),
      r4: BigInt.asUintN(64, list[0] ?? 0n),
    }),
  };
}

const none: Registers = { amr: 0n, iamr: 0n };
const states = [false, true];
const kinds: readonly Access[] = ['load', 'store', 'fetch'];

/** The guest of a CPU that has radix translation. */
export function radixGuest(cpu: string): Guest {
  const partition: Partition = { edition: editionOfCpu(cpu), ail: 0n, ile: false };
  const cases: GuestCase[] = [];
  const each = (size: Size, rights: bigint, registers: Registers, ea?: bigint): void => {
    for (const problem of states) {
      for (const access of kinds) {
        // IAMR would keep supervisor state from the program itself, too.
        if (registers.iamr !== 0n && !problem && access !== 'fetch') continue;
        cases.push(accessCase(partition, size, rights, registers, problem, access, ea));
      }
    }
  };
  for (const [n, size] of sizes.entries()) {
    for (const rights of n === 0 ? Array.from({ length: 16 }, (_, i) => BigInt(i)) : [0n, 5n, 7n, 15n])
      each(size, rights, none);
    if (n > 0) continue;
    for (const rights of [7n, 15n]) {
      for (const amr of [1n, 2n, 3n]) each(size, rights, { amr: amr << 62n, iamr: 0n });
      each(size, rights, { amr: 0n, iamr: 1n << 62n });
    }
    for (const odd of [1n << 62n, 2n << 62n, 1n << 52n, (3n << 62n) | (1n << 60n)]) each(size, 7n, none, size.ea | odd);
    each(size, 7n, none, size.ea | (3n << 62n));
  }
  for (const gtse of [true, false]) {
    for (const way of ways) for (const size of sizes) cases.push(changeCase(partition, size, way, gtse));
    for (const problem of states) {
      cases.push(privilegedCase(partition, 'tlbie of the partition', 'tlbie r5, r5, 0, 0, 1', problem, gtse));
      if (problem || !gtse) {
        cases.push(privilegedCase(partition, 'tlbie', 'tlbie r5, r5, 0, 1, 1', problem, gtse));
        cases.push(privilegedCase(partition, 'tlbsync', 'tlbsync', problem, gtse));
      }
    }
    cases.push(privilegedCase(partition, 'tlbiel', 'tlbiel r5, r5, 0, 1, 1', true, gtse));
  }
  for (const answer of answers) cases.push(answerCase(partition, answer));
  const [first] = cases;
  if (!first) throw new Error('there are cases');
  // The tables are made on the way to the first case.
  const built = { ...first, prepare: `${build}\n ${first.prepare ?? ''}` };
  return {
    name: `radix ${cpu}`,
    options: { cpu, 'cap-rpt-invalidate': 'on' },
    cases: [built, ...cases.slice(1)],
  };
}
