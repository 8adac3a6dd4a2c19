// The fixed part of every test guest: vectors that write down what an interrupt left, translation, and a loop that
// runs case after case and prints what was written down. Entered as Open Firmware enters a client: 32-bit, big-endian.
import { casRequestBytes } from '../../src/papr/cas-request-bytes.ts';
import { before, place } from './guest-case.ts';

/** Where the image is loaded and entered. */
export const imageAddress = 0x40_0000;

/** Doublewords of a case's descriptor, by name. */
export const descriptor = {
  vcpu: 0,
  prepare: 8,
  after: 16,
  msr: 24,
  entry: 32,
  fscr: 40,
  lr: 48,
  ctr: 56,
  r3: 64,
  bytes: 112,
} as const;

/** What a runtime is made for. */
export interface RuntimeOptions {
  /** FSCR exists (edition 2.07). */
  readonly fscr: boolean;
  /** Radix translation in place of a hash page table. */
  readonly radix: boolean;
  /** Address of the first descriptor; a vCPU number of -1 ends the list. */
  readonly cases: number;
}

const virtualSegment = 0x400;
const [segmentKp, segment64K] = [0x400, 0x110];
/** PTE bits: 64 KiB page in a segment of such, coherent, R and C set. */
const pageBits = 0x1000 | 0x10 | 0x180;
const pp = { supervisorOnly: 0, readWrite: 2, readOnly: 3 } as const;
const noExecute = 4;

/** Marks the doublewords in the NVRAM that say where to go on, and the offset of these, near the end. */
const savedMark = 0x5afe_0000;
const savedAt = 0xffe0;

/** Loads an address below 2^31. */
const address = (register: string, label: string): string =>
  `lis ${register}, ${label}@ha\n addi ${register}, ${register}, ${label}@l`;

/** 64-bit mode; interrupts can be returned from; ME, which only QEMU would let go. */
const runnerMsr = (register: string): string =>
  `li ${register}, 1\n sldi ${register}, ${register}, 63\n ori ${register}, ${register}, 0x1002`;

/**
 * What a vector's stub jumps to, in one byte order: r0 is LR as the interrupt found it, SPRG0 is r0, LR is `offset` behind
 * the stub. Writes the record in big-endian order and returns to the loop.
 */
export function handler(littleEndian: boolean, fscr: boolean, offset: number): string {
  const store = littleEndian ? 'stdbrx' : 'stdx';
  let at = 0;
  const put = (get: string): string => {
    const text = `${get}\n li r3, ${at}\n ${store} r2, r1, r3\n`;
    at += 8;
    return text;
  };
  return `
        mtspr 273, r1
        mtspr 274, r2
        mtspr 275, r3
        ${address('r1', 'record')}
        ${put(`mflr r2\n subi r2, r2, ${offset}`)}
        ${put('mfspr r2, 26')}
        ${put('mfspr r2, 27')}
        ${put('mfmsr r2')}
        ${put('mfspr r2, 19')}
        ${put('mfspr r2, 18')}
        ${put('mr r2, r0')}
        ${put('mfspr r2, 9')}
        ${put(fscr ? 'mfspr r2, 153' : 'li r2, 0')}
        ${put('mfspr r2, 275')}
        ${put('mr r2, r4')}
        ${address('r2', 'collect')}
        mtspr 26, r2
        ${runnerMsr('r2')}
        mtspr 27, r2
        rfid
`;
}

/** Bytes of a vector's stub: the distance of the closest vectors. */
export const stubBytes = 0x20;
/** Where LR of each byte order's `bl` points, from the start of the stub. */
export const stubReturn = { big: 0x20, little: 0x14 } as const;

/** Big-endian part of the stub: in little-endian order its first word is a branch over the second. */
export const stubHead = 'tdi 0, r0, 0x48\n b .+16\n';
/** The rest, once in each byte order, the little-endian one first. */
export const stubTail = (handlerLabel: string): string => `mtspr 272, r0\n mflr r0\n bla ${handlerLabel}\n`;

/** Real addresses that hold stubs: all vectors, those of AIL 2 and 3, and those of scv. */
const vectorRanges: readonly (readonly [from: number, to: number])[] = [
  [0x100, 0x1000],
  [0x3000, 0x5000],
  [0x17000, 0x19000],
];

/** Pages besides those that map real memory to itself: address, second doubleword of the entry. */
const pages: readonly (readonly [number, number])[] = [
  [Number(place.readOnly), 0x50_0000 | pageBits | pp.readOnly],
  [Number(place.noExecute), Number(place.data) | pageBits | pp.readWrite | noExecute],
  [Number(place.supervisor), Number(place.data) | pageBits | pp.supervisorOnly],
];

/** Real addresses of the process table and of the radix tree's tables, root first. */
const tree = {
  root: 0x120_0000,
  second: 0x121_0000,
  third: 0x121_1000,
  pages: 0x121_2000,
  processes: 0x121_3000,
} as const;
/** Where the device tree of the negotiation goes, and its most bytes. */
const negotiatedTree = { address: 0x200_0000, bytes: 0x4_0000 } as const;

/** Entries of a radix tree (Power ISA v3.0 Book III, section 5.7.10). */
const entry = {
  valid: 1n << 63n,
  leaf: 1n << 62n,
  used: 0x180n,
  privileged: 8n,
  read: 4n,
  write: 2n,
  execute: 1n,
} as const;

/** The same view of memory as that of the hash page table: where each doubleword goes, and its value. */
function treeWords(): readonly (readonly [address: number, value: bigint])[] {
  const { valid, leaf, used, privileged, read, write, execute } = entry;
  const page = (real: bigint, rights: bigint): bigint => valid | leaf | real | used | rights;
  const pageAt = (ea: bigint): number => tree.pages + 8 * Number((ea >> 12n) & 0x1ffn);
  const all = read | write | execute;
  return [
    // 52 bits, the root with 13 of them.
    [tree.processes, (0b10n << 61n) | (0b101n << 5n) | BigInt(tree.root) | 13n],
    [tree.processes + 8, 0n],
    [tree.root, valid | BigInt(tree.second) | 9n],
    [tree.second, valid | BigInt(tree.third) | 9n],
    ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => [tree.third + 8 * n, page(BigInt(n) << 21n, all)] as const),
    [tree.third + 8 * 8, valid | BigInt(tree.pages) | 9n],
    [pageAt(place.readOnly), page(0x50_0000n, read | execute)],
    [pageAt(place.noExecute), page(place.data, read | write)],
    [pageAt(place.supervisor), page(place.data, privileged | all)],
  ];
}

/** Negotiates for radix translation (and XICS), makes the tree and registers it. */
function startRadix(): string {
  return `
        ${address('r4', 'request')}
        lis r5, ${negotiatedTree.address >> 16}
        lis r6, ${negotiatedTree.bytes >> 16}
        li r3, 0
        ori r3, r3, 0xf002
        sc 1
        cmpdi r3, 0
        bne failed
        ${address('r30', 'treeWords')}
1:      ld r4, 0(r30)
        ld r5, 8(r30)
        cmpdi r4, 0
        beq 2f
        std r5, 0(r4)
        addi r30, r30, 16
        b 1b
2:      li r3, 0x37c
        li r4, 0x1d
        lis r5, ${tree.processes >> 16}
        ori r5, r5, ${tree.processes & 0xffff}
        li r6, 0
        li r7, 0
        sc 1
        cmpdi r3, 0
        bne failed
        b started
request: .byte ${[...casRequestBytes({ xive: 0 })].join(', ')}
        .balign 8
treeWords: ${treeWords()
    .map(([at, value]) => `.quad ${at}, ${value}`)
    .join('\n')}
        .quad 0
`;
}

/** The runtime's source, big-endian, at {@link imageAddress}; `stub`, `handleBig` and `handleLittle` come from outside. */
export function runtimeSource({ fscr, radix, cases }: RuntimeOptions): string {
  const field = (name: keyof typeof descriptor): string => `${descriptor[name]}(r31)`;
  return `
entry:  mfmsr r4
        ${runnerMsr('r3')}
        mtmsrd r3
        li r3, 0
        mtspr 256, r3
        ${address('r3', 'entryMsr')}
        std r4, 0(r3)
        # Vectors.
        ${vectorRanges.map(([from, to]) => `lis r4, ${from >> 16}\n ori r4, r4, ${from & 0xffff}\n li r5, ${(to - from) / stubBytes}\n bl vectors`).join('\n')}
        sync
        isync
        ${radix ? startRadix() : ''}
        # Real memory below 16 MiB lies at 0.
        li r30, 0
1:      sldi r9, r30, 16
        mr r7, r9
        ori r7, r7, ${pageBits | pp.readWrite}
        bl enter
        addi r30, r30, 1
        cmpwi r30, 256
        blt 1b
        ${address('r30', 'pages')}
2:      ld r9, 0(r30)
        ld r7, 8(r30)
        cmpdi r9, 0
        beq 3f
        bl enter
        addi r30, r30, 16
        b 2b
3:      bl segments
started:
        # Where a machine that has rebooted goes on stands in the NVRAM.
        ${address('r4', 'fetch')}
        bl callRtas
        ${address('r3', 'saved')}
        ld r4, 0(r3)
        lis r5, ${savedMark >> 16}
        cmpd r4, r5
        bne next
        ld r4, 8(r3)
        ld r5, 16(r3)
        ${address('r6', 'cursor')}
        std r4, 0(r6)
        std r5, 8(r6)
        li r4, 1
        stw r4, 20(r6)
        li r4, 0
        std r4, 0(r3)
        ${address('r4', 'keep')}
        bl callRtas
        b next

        # A case's preparation: the first time it reboots the machine, which comes back here and goes on.
reboot: ${address('r6', 'cursor')}
        lwz r4, 20(r6)
        cmpwi r4, 0
        beq 1f
        li r4, 0
        stw r4, 20(r6)
        blr
1:      ${address('r3', 'saved')}
        lis r5, ${savedMark >> 16}
        std r5, 0(r3)
        ld r4, 0(r6)
        std r4, 8(r3)
        ld r4, 8(r6)
        std r4, 16(r3)
        ${address('r4', 'keep')}
        bl callRtas
        ${address('r4', 'restart')}
        b rtas

        # r4: where, r5: how many stubs.
vectors:
        ${address('r6', 'stub')}
        mtctr r5
1:      ${[0, 8, 16, 24].map((at) => `ld r7, ${at}(r6)\n std r7, ${at}(r4)`).join('\n')}
        dcbst 0, r4
        sync
        icbi 0, r4
        addi r4, r4, ${stubBytes}
        bdnz 1b
        blr

        # r9: address of a page below 64 MiB, r7: second doubleword of its entry.
enter:  srdi r5, r9, 16
        xori r5, r5, ${virtualSegment}
        sldi r5, r5, 3
        srdi r6, r9, 23
        sldi r6, r6, 7
        oris r6, r6, ${virtualSegment >> 4}
        ori r6, r6, 5
        li r4, 0
        li r3, 8
        sc 1
        cmpdi r3, 0
        bne failed
        blr
pages:  ${pages.map(([at, low]) => `.quad ${at}, ${low}`).join('\n')}
        .quad 0

        # The segments at 0 and at 0xC000000000000000 show the same.
segments:
        lis r4, ${(virtualSegment << 12) >> 16}
        ori r4, r4, ${segmentKp | segment64K}
        lis r5, 0x800
        slbmte r4, r5
        li r5, -4
        sldi r5, r5, 60
        oris r5, r5, 0x800
        ori r5, r5, 1
        slbmte r4, r5
        isync
        blr

        # A started vCPU enters here with its number in r3. VRSAVE keeps it: QEMU 7.2 has no PIR.
secondary:
        mtspr 256, r3
        ${runnerMsr('r3')}
        mtmsrd r3
        ${radix ? '' : 'bl segments'}
        b wait

        # The next case, on the vCPU that it wants.
next:   ${address('r3', 'cursor')}
        ld r31, 0(r3)
        ld r4, ${field('vcpu')}
        cmpdi r4, -1
        beq done
        mfspr r5, 256
        cmpd r4, r5
        beq run
        ${address('r3', 'baton')}
        sync
        stw r4, 0(r3)
wait:   mfspr r5, 256
        ${address('r3', 'baton')}
1:      lwz r4, 0(r3)
        cmpw r4, r5
        bne 1b
        isync
        b next
run:    lis r3, 0x7fff
        mtspr 22, r3
        lis r3, ${before.dar >> 16n}
        mtspr 19, r3
        lis r3, ${before.dsisr >> 16n}
        ori r3, r3, ${before.dsisr & 0xffffn}
        mtspr 18, r3
        ld r3, ${field('prepare')}
        bl call
        ld r3, ${field('lr')}
        mtlr r3
        ld r3, ${field('ctr')}
        mtctr r3
        ${fscr ? `ld r3, ${field('fscr')}\n mtspr 153, r3` : ''}
        ld r3, ${field('entry')}
        mtspr 26, r3
        ld r3, ${field('msr')}
        mtspr 27, r3
        ${[3, 4, 5, 6, 7, 8].map((n) => `ld r${n}, ${descriptor.r3 + 8 * (n - 3)}(r31)`).join('\n')}
        rfid

        # Calls r3 unless it is 0.
call:   cmpdi r3, 0
        beqlr
        mtctr r3
        bctr

        # A handler comes here with the record written.
collect:
        ${address('r3', 'cursor')}
        ld r31, 0(r3)
        ld r3, ${field('after')}
        bl call
        ${address('r3', 'number')}
        ld r4, 0(r3)
        addi r5, r4, 1
        std r5, 0(r3)
        mr r3, r4
        bl hex
        ${address('r30', 'record')}
        li r29, 11
1:      ld r3, 0(r30)
        bl hex
        addi r30, r30, 8
        subi r29, r29, 1
        cmpwi r29, 0
        bne 1b
        li r6, 10
        bl character
        addi r31, r31, ${descriptor.bytes}
        ${address('r3', 'cursor')}
        std r31, 0(r3)
        b next

        # Prints r3 as 16 digits.
hex:    mr r6, r3
        li r5, 2
1:      li r8, 8
        mr r9, r7
        li r7, 0
2:      rldicl r10, r6, 4, 60
        sldi r6, r6, 4
        addi r10, r10, 48
        cmpwi r10, 58
        blt 3f
        addi r10, r10, 39
3:      sldi r7, r7, 8
        or r7, r7, r10
        subi r8, r8, 1
        cmpwi r8, 0
        bne 2b
        subi r5, r5, 1
        cmpwi r5, 0
        bne 1b
        mr r6, r9
        li r5, 16
print:  lis r4, 0x7100
        li r3, 0x58
        sc 1
        blr
        # Prints the character in r6.
character:
        sldi r6, r6, 56
        li r5, 1
        b print

failed: bl hex
        li r6, 33
        bl character
        b off
done:   li r6, 46
        bl character
off:    ${address('r4', 'powerOff')}
rtas:   lis r3, 0
        ori r3, r3, 0xf000
        sc 1
        b .
        # An RTAS call from a case: r4 has its arguments, r3 is its status.
callRtas:
        mr r30, r4
        lis r3, 0
        ori r3, r3, 0xf000
        sc 1
        lwz r3, 4(r30)
        lwz r4, 8(r30)
        slwi r4, r4, 2
        addi r4, r4, 12
        lwzx r3, r30, r4
        extsw r3, r3
        blr
        .balign 8
powerOff: .long 0x2003, 2, 1, -1, -1, 0
        .balign 8
        # Arguments of nvram-fetch, nvram-store and system-reboot.
fetch:  .long 0x2012, 3, 2, ${savedAt}, saved, 24, -1, 0
keep:   .long 0x2013, 3, 2, ${savedAt}, saved, 24, -1, 0
restart: .long 0x2004, 0, 1, -1
        .balign 8
cursor: .quad ${cases}
number: .quad 0
baton:  .long 0
        # 1 while the case that rebooted the machine is prepared again.
rebooted: .long 0
saved:  .quad 0, 0, 0
entryMsr: .quad 0
record: .space 96
`;
}
