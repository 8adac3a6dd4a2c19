// Linux counts accesses by watchpoints that it asks for with H_SET_MODE (perf_event_open, PERF_TYPE_BREAKPOINT): each access
// raises the interrupt, is stepped, and goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitStatus } from '../../src/host/exit-status.ts';
import { assemble } from '../../src/isa/assemble.ts';
import { codeAddress, staticElf } from '../boot-matrix/static-elf.ts';
import { programPath, runChild } from './program.ts';

const stores = 10;
const loads = 7;

/** Calls of Linux on Power. */
const call = { exit: 1, read: 3, write: 4, perfEventOpen: 319 } as const;

/** Sets a register to the address of a label. */
const address = (register: string, label: string): string =>
  `lis ${register}, ${label}@ha; addi ${register}, ${register}, ${label}@l`;

/** Has accesses of `kind` (1 loads, 2 stores) to a doubleword counted, makes some, and writes the count as a byte. */
function program(kind: number): string {
  const source = `
        ${address('r20', 'attributes')}
        ${address('r21', 'watched')}
        std r21, 56(r20)
        mr r3, r20
        li r0, ${call.perfEventOpen}
        li r4, 0
        li r5, -1
        li r6, -1
        li r7, 0
        sc
        mr r25, r3
        li r9, ${stores}
        mtctr r9
1:      std r9, 0(r21)
        bdnz 1b
        li r9, ${loads}
        mtctr r9
2:      ld r8, 0(r21)
        ld r8, 8(r21)
        std r8, 16(r21)
        bdnz 2b
        mr r3, r25
        ${address('r4', 'count')}
        li r5, 8
        li r0, ${call.read}
        sc
        ${address('r4', 'count')}
        ld r8, 0(r4)
        addi r8, r8, 64
        stb r8, 0(r4)
        li r3, 1
        li r5, 1
        li r0, ${call.write}
        sc
        li r3, 0
        li r0, ${call.exit}
        sc
        .balign 64
# struct perf_event_attr: type 5 (breakpoint), size 112, exclude_kernel and exclude_hv, kind, address, 8 bytes.
attributes:
        .long 5, 112, 0, 0, 0, 0, 0, 0, 0, 0, 0x60, 0, 0, ${kind}, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
        .balign 64
watched: .long 0, 0, 0, 0, 0, 0
count:  .long 0, 0
`;
  const { bytes } = assemble(source, { origin: BigInt(codeAddress), littleEndian: true });
  return Buffer.from(staticElf(bytes, 64)).toString('base64');
}

for (const cpu of ['power8', 'power10']) {
  test(`Debian's kernel counts accesses by the watchpoint of ${cpu}`, async () => {
    const commands = [1, 2, 3].map((kind) => `echo ${program(kind)} | base64 -d > /tmp/w; chmod +x /tmp/w; /tmp/w`);
    const result = await runChild(programPath('continuo'), ['run', '--cpu', cpu, '--exec', commands.join('; ')]);
    assert.equal(result.status, exitStatus.ok, result.stderr);
    const counts = [...result.stdout].map((byte) => byte - 64);
    assert.deepEqual(counts, [loads, stores, loads + stores]);
  });
}
