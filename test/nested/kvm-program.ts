// /init of a guest hypervisor where no compiler is at hand: it loads Linux's KVM, makes a machine through /dev/kvm, and prints what
// the guest in it reports by hypercall. (Linux, KVM API documentation; powerpc/syscall64-abi)
import { assemble } from '../../src/isa/assemble.ts';
import { codeAddress, staticElf } from '../boot-matrix/static-elf.ts';

/** System calls of Linux on Power. */
const calls = { write: 4, open: 5, ioctl: 54, reboot: 88, mmap: 90, finit_module: 353 } as const;

/** Requests of /dev/kvm: direction, size and number as Linux on Power packs them. */
const requests = {
  KVM_CREATE_VM: 0x2000_ae01,
  KVM_GET_VCPU_MMAP_SIZE: 0x2000_ae04,
  KVM_CREATE_VCPU: 0x2000_ae41,
  KVM_SET_USER_MEMORY_REGION: 0x8020_ae46,
  KVM_RUN: 0x2000_ae80,
  KVM_GET_REGS: 0x4188_ae81,
  KVM_SET_REGS: 0x8188_ae82,
  KVM_ENABLE_CAP: 0x8068_aea3,
  KVM_SET_ONE_REG: 0x8010_aeac,
} as const;

const capPapr = 68;
const exitHypercall = 19;
const readWrite = 3;
const privateAnonymous = 0x22;
const shared = 1;
const fixed = 0x10;
const memoryBytes = 0x200_0000;
/** Where the guest's pages are exchanged, and what is in the new one. */
const exchanged = 0x20_0000;
const stride = 0x1_0000;
const firstTouched = 0x10_0000;

/** What the exchanged page has. */
export const newContent = 0x765_4321n;
const seed = 0x1234_5678;
const steps = 100_000;

/** The guest: what it reports are the entries of {@link expectedReports}, in their order. */
const guestSource = `
    .org 0x100
entry:
    lis r4, ${seed >> 16}
    ori r4, r4, ${seed & 0xffff}
    lis r5, ${steps >> 16}
    ori r5, r5, ${steps & 0xffff}
    mtctr r5
1:  srdi r5, r4, 12
    xor r4, r4, r5
    sldi r5, r4, 25
    xor r4, r4, r5
    srdi r5, r4, 27
    xor r4, r4, r5
    bdnz 1b
    bl report
    lis r5, ${firstTouched >> 16}     # pages that the hypervisor has not given yet
    lis r6, ${memoryBytes >> 16}
1:  std r5, 8(r5)
    addis r5, r5, ${stride >> 16}
    cmpld r5, r6
    blt 1b
    lis r5, ${firstTouched >> 16}
    li r4, 0
1:  ld r7, 8(r5)
    add r4, r4, r7
    addis r5, r5, ${stride >> 16}
    cmpld r5, r6
    blt 1b
    bl report
    lis r5, ${exchanged >> 16}        # it was exchanged while the report was read
    ld r4, 8(r5)
    bl report
    b decrementer

    .org 0x700
    mfsrr1 r4
    andis. r4, r4, 0xf
    bl report
    bl report                         # r4 is what the program has made of it
    b .
    .org 0x900
    li r4, 0x900
    bl report
    .long 0                           # no instruction: the hypervisor sees it first

decrementer:
    li r5, 1000
    mtdec r5
    mfmsr r5
    ori r5, r5, 0x8000
    mtmsrd r5, 1
    b .
report:
    li r3, 0
    ori r3, r3, 0xf100
    sc 1
    blr
`;

/** What the guest reports: computed, touched pages, an exchanged page, its own interrupts, and a value handed in. */
export function expectedReports(): bigint[] {
  const mask = (1n << 64n) - 1n;
  let x = BigInt(seed);
  for (let n = 0; n < steps; n++) {
    x ^= x >> 12n;
    x ^= (x << 25n) & mask;
    x ^= x >> 27n;
  }
  let sum = 0n;
  for (let at = firstTouched; at < memoryBytes; at += stride) sum += BigInt(at);
  return [x, sum, newContent, 0x900n, 0x8_0000n, newContent];
}

/** Sets a register to a number of 32 bits; what is above them has no meaning. */
function number(register: string, value: number): string {
  return `lis ${register}, ${(value >>> 16) & 0xffff}@l; ori ${register}, ${register}, ${value & 0xffff}`;
}

function address(register: string, label: string): string {
  return `lis ${register}, ${label}@ha; addi ${register}, ${register}, ${label}@l`;
}

/** A system call with arguments in registers already set up by the lines before; an error ends the program. */
function system(name: keyof typeof calls): string {
  return `li r0, ${calls[name]}; sc; bc 12, 3, error`;
}

function ioctl(descriptor: string, request: keyof typeof requests): string {
  return `mr r3, ${descriptor}; ${number('r4', requests[request])}; ${system('ioctl')}`;
}

function loadModule(label: string): string {
  return `${address('r3', label)}; li r4, 0; ${system('open')}
    ${address('r4', 'empty')}; li r5, 0; ${system('finit_module')}`;
}

const reports = expectedReports().length;

/** r14 /dev/kvm, r15 machine, r16 vCPU, r17 what they share, r18 the guest's memory, r19 reports to come. */
const source = `
start:
    ${loadModule('kvm_ko')}
    ${loadModule('kvm_hv_ko')}
    ${address('r3', 'dev_kvm')}; li r4, 2; ${system('open')}
    mr r14, r3
    li r5, 0; ${ioctl('r14', 'KVM_CREATE_VM')}
    mr r15, r3
    li r3, 0; ${number('r4', memoryBytes)}; li r5, ${readWrite}; li r6, ${privateAnonymous}; li r7, -1; li r8, 0; ${system('mmap')}
    mr r18, r3
    ${address('r4', 'region')}
    std r18, 24(r4)
    mr r5, r4; ${ioctl('r15', 'KVM_SET_USER_MEMORY_REGION')}
    ${address('r4', 'guest')}
    ${address('r5', 'guest_end')}
    mr r6, r18
1:  lwz r7, 0(r4)
    stw r7, 0(r6)
    addi r4, r4, 4
    addi r6, r6, 4
    cmpld r4, r5
    blt 1b
    li r5, 0; ${ioctl('r15', 'KVM_CREATE_VCPU')}
    mr r16, r3
    li r5, 0; ${ioctl('r14', 'KVM_GET_VCPU_MMAP_SIZE')}
    mr r4, r3
    li r3, 0; li r5, ${readWrite}; li r6, ${shared}; mr r7, r16; li r8, 0; ${system('mmap')}
    mr r17, r3
    ${address('r5', 'papr')}; ${ioctl('r16', 'KVM_ENABLE_CAP')}
    ${address('r5', 'lpcr')}; ${ioctl('r16', 'KVM_SET_ONE_REG')}
    ${address('r5', 'registers')}; ${ioctl('r16', 'KVM_GET_REGS')}
    ${address('r5', 'registers')}
    li r6, 0x100
    std r6, 0(r5)
    li r6, 0x1003                     # MSR: ME, RI, LE, and SF
    li r7, 1
    sldi r7, r7, 63
    or r6, r6, r7
    std r6, 40(r5)
    ${ioctl('r16', 'KVM_SET_REGS')}
    li r19, ${reports}
run:
    li r5, 0; ${ioctl('r16', 'KVM_RUN')}
    lwz r3, 8(r17)                    # exit_reason
    cmpwi r3, ${exitHypercall}
    bne error
    ld r3, 48(r17)                    # the first argument, r4
    bl print
    addic. r19, r19, -1
    beq end
    cmpwi r19, ${reports - 2}
    bne 1f
    ${number('r20', exchanged)}
    add r20, r20, r18
    mr r3, r20; li r4, 0; ori r4, r4, ${stride - 1}; addi r4, r4, 1; li r5, ${readWrite}; li r6, ${privateAnonymous | fixed}; li r7, -1; li r8, 0
    ${system('mmap')}
    ${number('r4', Number(newContent))}
    std r4, 8(r20)
1:  ${number('r4', Number(newContent))}
    std r4, 48(r17)                   # comes back in r4
    b run

error:                                # r3 says which
    mr r20, r3
    ${address('r4', 'error_text')}; li r3, 1; li r5, 10; li r0, ${calls.write}; sc
    mr r3, r20
    bl print
end:
    ${address('r4', 'end_text')}; li r3, 1; li r5, 8; li r0, ${calls.write}; sc
    ${number('r3', 0xfee1_dead)}
    ${number('r4', 672274793)}
    ${number('r5', 0x4321_fedc)}
    li r0, ${calls.reboot}
    sc
    b .

print:                                # \`KVM \` and r3 in 16 digits
    ${address('r4', 'line')}
    li r5, 16
    mtctr r5
1:  rldicl r3, r3, 4, 0
    clrldi r6, r3, 60
    cmpwi r6, 10
    addi r6, r6, 48
    blt 2f
    addi r6, r6, 39
2:  stb r6, 4(r4)
    addi r4, r4, 1
    bdnz 1b
    ${address('r4', 'line')}; li r3, 1; li r5, 21; li r0, ${calls.write}
    sc
    blr

kvm_ko: .asciz "/kvm.ko"
kvm_hv_ko: .asciz "/kvm-hv.ko"
dev_kvm: .asciz "/dev/kvm"
empty: .asciz ""
error_text: .asciz "KVM error\\n"
end_text: .asciz "KVM end\\n"
line: .asciz "KVM 0123456789abcdef\\n"
    .balign 8
region:                               # slot, flags, address, size, where
    .long 0, 0
    .quad 0, ${memoryBytes}, 0
papr:
    .long ${capPapr}, 0
    .quad 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
lpcr:                                 # KVM_REG_PPC_LPCR_64: interrupts are little-endian (ILE)
    .quad 0x10300000000000b5
    .quad lpcr_value
lpcr_value:
    .quad 0x2000000
registers:
    ${'.quad 0\n'.repeat(49)}
guest:
`;

/** @returns the program as an ELF file. */
export function kvmProgram(): Uint8Array {
  const guest = assemble(guestSource).bytes;
  const words: string[] = [];
  const view = new DataView(guest.buffer, guest.byteOffset, guest.length);
  for (let at = 0; at < guest.length; at += 4) words.push(`.long ${view.getUint32(at, true)}`);
  const whole = `${source}\n${words.join('\n')}\nguest_end:\n`;
  return staticElf(assemble(whole, { origin: BigInt(codeAddress) }).bytes, 0x1000);
}
