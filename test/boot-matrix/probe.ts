// The program that runs in the guest's user space: what the kernel tells a program in its auxiliary vector, system calls by `sc`
// and by `scv`, and one instruction of each edition of the ISA. Written in assembly, since no compiler is at hand where tests run.
// (64-bit ELF V2 ABI, process initialization; Linux, powerpc/syscall64-abi)
import { assemble } from '../../src/isa/assemble.ts';
import { codeAddress, staticElf } from './static-elf.ts';

/** What the program can be asked to do, by the first letter of its argument. */
export const probeModes = {
  auxiliaryVector: 'a',
  systemCall: 's',
  systemCallVectored: 'v',
  /** A level of `scv` that Linux has no meaning for. */
  otherVector: 'w',
  isa207: '7',
  isa300: '9',
  isa310: '1',
} as const;

/** One of {@link probeModes}. */
export type ProbeMode = keyof typeof probeModes;

/** Calls and numbers of Linux on Power. */
const sysExit = 1;
const sysWrite = 4;
const sysGetuid = 24;
const badDescriptor = 99;
const bufferBytes = 0x1000;

/** Sets a register to the address of a label. */
function address(register: string, label: string): string {
  return `lis ${register}, ${label}@ha; addi ${register}, ${register}, ${label}@l`;
}

function compareMode(mode: ProbeMode, label: string): string {
  return `cmpwi r4, ${probeModes[mode].charCodeAt(0)}; beq ${label}`;
}

/** Puts a text and a register, in 16 hexadecimal digits, into the buffer; ends the line. */
function line(label: string, register: string): string {
  return `${address('r3', label)}; bl text; mr r3, ${register}; bl hex; bl newline`;
}

/**
 * A failing and a succeeding system call: result, summary overflow bit, and whether LR has what it must: the value of before
 * for `sc`, the address behind the instruction for `scv` (Power ISA, "System Call Vectored").
 */
function systemCalls(instruction: 'sc' | 'scv', prefix: string): string {
  const call = instruction === 'sc' ? 'sc' : 'scv 0';
  const expectedLr = (number: number) => address('r20', instruction === 'sc' ? 'start' : `${prefix}${number}`);
  const one = (number: number, setUp: string) => `
    ${setUp}
    ${address('r14', 'start')}
    mtlr r14
    ${call}
${prefix}${number}:
    mr r15, r3
    mfcr r16
    rlwinm r16, r16, 4, 31, 31        # CR0[SO]
    mflr r17
    ${expectedLr(number)}
    xor r17, r17, r20
    cntlzd r17, r17
    srdi r17, r17, 6                  # 1 where both are equal
    ${line(`${prefix}_result${number}`, 'r15')}
    ${line(`${prefix}_so${number}`, 'r16')}
    ${line(`${prefix}_lr${number}`, 'r17')}`;
  return `
    ${one(1, `li r0, ${sysWrite}; li r3, ${badDescriptor}; li r4, 0; li r5, 0`)}
    ${one(2, `li r0, ${sysGetuid}`)}`;
}

function systemCallTexts(prefix: string, name: string): string {
  const texts = [1, 2].flatMap((number) => {
    const call = number === 1 ? 'write' : 'getuid';
    return [
      `${prefix}_result${number}: .asciz "${name}.${call}.result "`,
      `${prefix}_so${number}: .asciz "${name}.${call}.so "`,
      `${prefix}_lr${number}: .asciz "${name}.${call}.lr "`,
    ];
  });
  return texts.join('\n');
}

const source = `
start:
    mr r30, r1                        # argc, argv, environment, auxiliary vector
    ${address('r31', 'buffer')}
    ld r4, 16(r30)
    lbz r4, 0(r4)
    ${compareMode('auxiliaryVector', 'auxiliary')}
    ${compareMode('systemCall', 'call')}
    ${compareMode('systemCallVectored', 'vectored')}
    ${compareMode('otherVector', 'other')}
    ${compareMode('isa207', 'edition207')}
    ${compareMode('isa300', 'edition300')}
    ${compareMode('isa310', 'edition310')}
    b exit

auxiliary:
    ld r14, 0(r30)
    addi r14, r14, 2                  # behind argc, the arguments and their end
    sldi r14, r14, 3
    add r14, r14, r30
1:  ld r15, 0(r14)                    # behind the environment
    addi r14, r14, 8
    cmpdi r15, 0
    bne 1b
2:  ld r15, 0(r14)
    ld r16, 8(r14)
    addi r14, r14, 16
    cmpdi r15, 0
    beq 4f
    ${address('r3', 'auxiliary_text')}
    bl text
    mr r3, r15
    bl hex
    li r4, 32
    stb r4, 0(r31)
    addi r31, r31, 1
    mr r3, r16
    bl hex
    bl newline
    cmpdi r15, 15                     # AT_PLATFORM
    beq 3f
    cmpdi r15, 24                     # AT_BASE_PLATFORM
    bne 2b
3:  ${address('r3', 'string_text')}
    bl text
    mr r3, r15
    bl hex
    li r4, 32
    stb r4, 0(r31)
    addi r31, r31, 1
    mr r3, r16
    bl text
    bl newline
    b 2b
4:  b flush

call:
    ${systemCalls('sc', 'c')}
    b flush
vectored:
    ${systemCalls('scv', 'v')}
    b flush
other:
    li r0, ${sysGetuid}
    scv 1
    b flush
edition207:
    li r4, 0x1234
    mtvsrd vs0, r4
    mfvsrd r15, vs0
    ${line('text207', 'r15')}
    b flush
edition300:
    li r4, 47
    li r5, 10
    modsd r15, r4, r5
    ${line('text300', 'r15')}
    b flush
edition310:
    li r4, 0x1234
    brd r15, r4
    ${line('text310', 'r15')}
    b flush

text:                                 # puts the string at r3 into the buffer
    lbz r4, 0(r3)
    cmpwi r4, 0
    beqlr
    stb r4, 0(r31)
    addi r3, r3, 1
    addi r31, r31, 1
    b text
hex:                                  # puts r3 into the buffer as 16 digits
    li r5, 16
    mtctr r5
1:  rldicl r3, r3, 4, 0
    clrldi r4, r3, 60
    cmpwi r4, 10
    addi r4, r4, 48
    blt 2f
    addi r4, r4, 39
2:  stb r4, 0(r31)
    addi r31, r31, 1
    bdnz 1b
    blr
newline:
    li r4, 10
    stb r4, 0(r31)
    addi r31, r31, 1
    blr
flush:
    li r0, ${sysWrite}
    li r3, 1
    ${address('r4', 'buffer')}
    sub r5, r31, r4
    sc
exit:
    li r0, ${sysExit}
    li r3, 0
    sc

auxiliary_text: .asciz "aux "
string_text: .asciz "string "
text207: .asciz "isa207 "
text300: .asciz "isa300 "
text310: .asciz "isa310 "
${systemCallTexts('c', 'sc')}
${systemCallTexts('v', 'scv')}
    .balign 8
buffer:
`;

/** @returns the program as an ELF file. */
export function probeProgram(): Uint8Array {
  return staticElf(assemble(source, { origin: BigInt(codeAddress) }).bytes, bufferBytes);
}
