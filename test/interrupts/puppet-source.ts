// A guest whose vCPUs carry out commands: the loop, the interrupt handler, and the form of a command in its memory.
import { assemble } from '../../src/isa/assemble.ts';

/** Where the image is loaded and entered. */
const imageAddress = 0x40_0000;
/** Behind the image, far from where loaders put a tree. */
export const place = {
  /** Address of the command whose turn it is. */
  cursor: 0x60_0000,
  commands: 0x60_1000,
  /** What the guest negotiates with, and where the tree goes. */
  request: 0x5f_0000,
  tree: 0x300_0000,
  /** Radix tables: process table, root of 2^13 entries, leaf tables for memory and for the two areas of XIVE. */
  processTable: 0x50_0000,
  root: 0x51_0000,
  leaves: 0x52_0000,
} as const;

/** Offsets in a command. Its cells of an RTAS call are its arguments. */
export const command = {
  /** Server number of the vCPU that carries it out. */
  server: 0,
  operation: 8,
  argument: 16,
  result: 72,
  bytes: 128,
} as const;

/** What stands for the server number where no command is, and behind the last one of a script. */
export const noServer = { yet: 0xffff_ffff, more: 0xffff_fffe } as const;

/** Operations by number; the arguments of each are said where it is asked for. */
export const operation = { call: 0, load: 1, store: 2, poll: 3, rtas: 4, burst: 5, callLittle: 6 } as const;

/** Results that are kept: r3 to r9. */
export const results = 7;

const address = (register: string, label: string | number): string =>
  typeof label === 'string'
    ? `lis ${register}, ${label}@ha\n addi ${register}, ${register}, ${label}@l`
    : `lis ${register}, ${label >> 16}\n ori ${register}, ${register}, ${label & 0xffff}`;

const argument = (register: string, n: number): string => `ld ${register}, ${command.argument + 8 * n}(r31)`;

/** r5: log₂ of the size, and 0x100 for an access with data translation. */
const access = (instructions: readonly string[]): string =>
  instructions.map((text, n) => `cmpwi r6, ${n}\n bne ${n + 1}f\n ${text}\n b finish\n${n + 1}:`).join('\n');

/** The call, and the way back to the next word in big-endian mode, as words of the source. */
const wordsInLittle = (() => {
  const { bytes } = assemble(
    `sc 1
     mfmsr r10
     rldicr r10, r10, 0, 62
     mtspr 27, r10
     bl .+4
     mflr r10
     addi r10, r10, 16
     mtspr 26, r10
     rfid`,
    { origin: 0n, littleEndian: true },
  );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, n) => `.long ${view.getUint32(4 * n)}`).join('\n');
})();

const source = `
        # Entered as Open Firmware enters a client: 32-bit, big-endian.
        li r3, 1
        sldi r3, r3, 63
        ori r3, r3, 2
        mtmsrd r3
        # 0x500: a branch to the handler.
        li r4, 0x500
        ${address('r5', 'handler')}
        ori r5, r5, 2
        oris r5, r5, 0x4800
        stw r5, 0(r4)
        dcbst 0, r4
        sync
        icbi 0, r4
        isync
        li r13, 0
        b loop

        # r3: the server number.
secondary:
        mr r13, r3
        li r3, 1
        sldi r3, r3, 63
        ori r3, r3, 2
        mtmsrd r3
loop:   ${address('r30', place.cursor)}
        ld r31, 0(r30)
        ld r4, ${command.server}(r31)
        cmpld r4, r13
        beq run
        li r6, -2
        clrldi r6, r6, 32
        cmpld r4, r6
        beq end
wait:   li r3, 0xe4
        li r4, -1
        li r5, 0
        sc 1
        b loop

run:    isync
        # The decrementer is no part of this.
        lis r4, 0x7fff
        mtspr 22, r4
        ld r10, ${command.operation}(r31)
        cmpdi r10, ${operation.call}
        bne 1f
        ${[0, 1, 2, 3, 4, 5, 6].map((n) => argument(`r${3 + n}`, n)).join('\n')}
        sc 1
        b results
1:      cmpdi r10, ${operation.callLittle}
        beq little
        cmpdi r10, ${operation.load}
        beq load
        cmpdi r10, ${operation.store}
        beq store
        cmpdi r10, ${operation.poll}
        beq poll
        cmpdi r10, ${operation.rtas}
        beq rtas
        # A burst: r3 times a store of a doubleword at r4 and a load of one at r5.
        ${[0, 1, 2].map((n) => argument(`r${3 + n}`, n)).join('\n')}
        mtctr r3
        li r3, 0
1:      std r3, 0(r4)
        eieio
        ld r3, 0(r5)
        eieio
        bdnz 1b
        b results

        # A call in little-endian mode.
little: ${[0, 1, 2, 3, 4, 5, 6].map((n) => argument(`r${3 + n}`, n)).join('\n')}
        mfmsr r10
        ori r10, r10, 1
        mtspr 27, r10
        ${address('r10', 'inLittle')}
        mtspr 26, r10
        rfid
inLittle:
        ${wordsInLittle}
        b results

load:   ${argument('r4', 0)}
        bl translation
        ${access(['lbz r3, 0(r4)', 'lhz r3, 0(r4)', 'lwz r3, 0(r4)', 'ld r3, 0(r4)'])}
store:  ${argument('r4', 0)}
        ${argument('r3', 2)}
        bl translation
        ${access(['stb r3, 0(r4)', 'sth r3, 0(r4)', 'stw r3, 0(r4)', 'std r3, 0(r4)'])}
        # r7: MSR before.
translation:
        ${argument('r5', 1)}
        clrlwi r6, r5, 24
        mfmsr r7
        andi. r5, r5, 0x100
        beqlr
        ori r8, r7, 0x10
        mtmsrd r8
        isync
        blr
finish: eieio
        mtmsrd r7
        isync
        b results

        # Opens EE for a moment; r3 tells whether an external interrupt came.
poll:   li r3, 0
        mfmsr r4
        ori r5, r4, 0x8000
        mtmsrd r5
        nop
        nop
        mtmsrd r4
        b results
handler:
        li r3, 1
        mfspr r11, 27
        li r12, 1
        sldi r12, r12, 15
        andc r11, r11, r12
        mtspr 27, r11
        rfid

        # The first three return cells are the results.
rtas:   lis r3, 0
        ori r3, r3, 0xf000
        addi r4, r31, ${command.argument}
        sc 1
        addi r4, r31, ${command.argument}
        lwz r5, 4(r4)
        slwi r5, r5, 2
        add r4, r4, r5
        lwz r3, 12(r4)
        lwz r5, 20(r4)
        lwz r4, 16(r4)

results:
        ${[0, 1, 2, 3, 4, 5, 6].map((n) => `std r${3 + n}, ${command.result + 8 * n}(r31)`).join('\n')}
        ${address('r30', place.cursor)}
        addi r31, r31, ${command.bytes}
        sync
        std r31, 0(r30)
        b loop

        # The end of a script: server 0 prints all results and powers the machine off.
end:    cmpdi r13, 0
        bne wait
        ${address('r31', place.commands)}
        ${address('r30', place.cursor)}
        ld r30, 0(r30)
line:   cmpld r31, r30
        bge off
        li r29, 0
1:      add r4, r31, r29
        ld r3, ${command.result}(r4)
        bl hex
        addi r29, r29, 8
        cmpwi r29, ${8 * results}
        blt 1b
        li r6, 10
        sldi r6, r6, 56
        li r5, 1
        bl print
        addi r31, r31, ${command.bytes}
        b line
off:    ${address('r4', 'powerOff')}
        lis r3, 0
        ori r3, r3, 0xf000
        sc 1
        b .
hex:    mflr r28
        mr r6, r3
        li r27, 2
1:      li r8, 8
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
        mr r26, r6
        mr r6, r7
        li r5, 8
        bl print
        mr r6, r26
        subi r27, r27, 1
        cmpwi r27, 0
        bne 1b
        mtlr r28
        blr
        # Prints the r5 characters in r6.
print:  lis r4, 0x7100
        li r3, 0x58
        sc 1
        blr
        .balign 8
powerOff: .long 0x2003, 2, 1, -1, -1, 0
`;

const assembled = assemble(source, { origin: BigInt(imageAddress), littleEndian: false });

/** Where a started vCPU is to enter. */
export const secondaryEntry: number = Number(assembled.symbols.get('secondary') ?? 0n);

/** A 64-bit big-endian ELF executable of one segment, entered at its first byte (System V ABI, chapters 4 and 5). */
function elfOf(contents: Uint8Array): Uint8Array {
  const header = 64 + 56;
  const file = new Uint8Array(header + contents.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 2, 1]);
  view.setUint16(16, 2);
  view.setUint16(18, 21);
  view.setUint32(20, 1);
  view.setBigUint64(32, 64n);
  view.setUint16(52, 64);
  view.setUint16(54, 56);
  view.setUint16(56, 1);
  view.setUint32(64, 1);
  view.setUint32(68, 7);
  view.setBigUint64(72, BigInt(header));
  view.setBigUint64(96, BigInt(contents.length));
  view.setBigUint64(104, BigInt(contents.length));
  view.setBigUint64(112, 0x1_0000n);
  file.set(contents, header);
  return file;
}

/** Writes radix tables (Power ISA Book III, section 5.7.10) that map memory and XIVE's pages to where they are. */
function putTables(view: DataView, at: (address: number) => number): void {
  const valid = 1n << 63n;
  const leaf = valid | (1n << 62n) | 0x100n | 0x80n | 0x8n | 0x6n;
  const guarded = 0x20n;
  // RTS 52 bits (0b10101 in bits 1:2 and 56:58), RPDB, RPDS 13.
  view.setBigUint64(at(place.processTable), (0b10n << 61n) | (0b101n << 5n) | BigInt(place.root) | 13n);
  const table = (root: number, n: number): number => {
    const address = place.leaves + 0x1000 * n;
    view.setBigUint64(at(place.root) + 8 * root, valid | BigInt(address) | 9n);
    return at(address);
  };
  view.setBigUint64(table(0, 0), leaf | 1n);
  const sources = table(0xc02, 1);
  for (const n of [0, 1]) view.setBigUint64(sources + 8 * n, leaf | guarded | (0x6_0100_0000_0000n + BigInt(n << 30)));
  view.setBigUint64(table(0xc06, 2) + 8 * 8, leaf | guarded | 0x6_0302_0000_0000n);
}

/** Builds the image: the request of the negotiation, and commands by their bytes, which a list without an end awaits. */
export function puppetImage(request: Uint8Array, commands: readonly Uint8Array[] = []): Uint8Array {
  const length = place.commands + (commands.length + 1) * command.bytes - imageAddress;
  const contents = new Uint8Array(length);
  const view = new DataView(contents.buffer);
  const at = (address: number): number => address - imageAddress;
  contents.set(assembled.bytes);
  contents.set(request, at(place.request));
  putTables(view, at);
  view.setBigUint64(at(place.cursor), BigInt(place.commands));
  let end = at(place.commands);
  for (const bytes of commands) {
    contents.set(bytes, end);
    end += command.bytes;
  }
  view.setBigUint64(end, BigInt(commands.length === 0 ? noServer.yet : noServer.more));
  return elfOf(contents);
}

/** A command's bytes: arguments are doublewords, cells those of an RTAS call. */
export function commandBytes(server: number, number: number, args: readonly bigint[], cells: readonly number[] = []) {
  const bytes = new Uint8Array(command.bytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(command.server, BigInt(server));
  view.setBigUint64(command.operation, BigInt(number));
  args.forEach((value, n) => {
    view.setBigUint64(command.argument + 8 * n, BigInt.asUintN(64, value));
  });
  cells.forEach((value, n) => {
    view.setUint32(command.argument + 4 * n, value >>> 0);
  });
  return bytes;
}
