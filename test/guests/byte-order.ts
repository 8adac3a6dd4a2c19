// Guests that store in one byte order and load in the other, use the byte-reversed and the multiple forms, and go between
// programs of both orders (Power ISA v3.1 Book I, section 1.11; Book II, section 1.4; Book III, section 4.2.1 MSR[LE]).
import { type Guest, type GuestCase, place } from './guest-case.ts';
import { completed, editionOfCpu, interrupt, msr, type Partition } from './model.ts';

const { SF, ME, EE, PR, IR, DR, RI, LE, FP, VEC, VSX } = msr;
const value = 0x0123_4567_89ab_cdefn;
const data = place.data;

/** The low `bytes` of a value, in the other order. */
function reversed(of: bigint, bytes: number): bigint {
  let result = 0n;
  for (let i = 0; i < bytes; i++) result = (result << 8n) | ((of >> BigInt(8 * i)) & 0xffn);
  return result;
}

const low = (of: bigint, bytes: number): bigint => BigInt.asUintN(8 * bytes, of);

/** Stores by size; all are at offset 0 from r4, of r5. */
const stores: readonly (readonly [code: string, bytes: number, reversing: boolean])[] = [
  ['stb r5, 0(r4)', 1, false],
  ['sth r5, 0(r4)', 2, false],
  ['stw r5, 0(r4)', 4, false],
  ['std r5, 0(r4)', 8, false],
  ['sthbrx r5, 0, r4', 2, true],
  ['stwbrx r5, 0, r4', 4, true],
  ['stdbrx r5, 0, r4', 8, true],
  ['stdu r5, 8(r4)\n subi r4, r4, 8\n ld r6, 8(r4)\n std r6, 0(r4)', 8, false],
  ['mtctr r5\n mfctr r6\n stdx r6, 0, r4', 8, false],
];

/** Loads into r3. */
const loads: readonly (readonly [code: string, bytes: number, reversing: boolean])[] = [
  ['lbz r3, 0(r4)', 1, false],
  ['lhz r3, 0(r4)', 2, false],
  ['lwz r3, 0(r4)', 4, false],
  ['ld r3, 0(r4)', 8, false],
  ['lhbrx r3, 0, r4', 2, true],
  ['lwbrx r3, 0, r4', 4, true],
  ['ldbrx r3, 0, r4', 8, true],
  ['lwarx r3, 0, r4', 4, false],
  ['ldarx r3, 0, r4', 8, false],
];

const contexts = {
  big: SF | ME | RI | IR | DR,
  little: SF | ME | RI | IR | DR | LE,
  'big, problem': SF | ME | EE | PR | IR | DR | RI,
  'little, problem': SF | ME | EE | PR | IR | DR | RI | LE,
} as const;

function simple(
  partition: Partition,
  name: string,
  context: bigint,
  code: string,
  bytes: number,
  changes: ReturnType<GuestCase['expect']>,
): GuestCase {
  const parts = { msr: context, registers: [0n, data, value] };
  return {
    ...parts,
    name,
    code,
    expect: (at) => ({ ...completed(partition, parts, at + BigInt(bytes)), ...changes }),
  };
}

/** A store in one order, then a load of the same size in another. */
function storeAndLoad(partition: Partition): GuestCase[] {
  const all = Object.entries(contexts);
  return all.flatMap(([storer, storing]) =>
    stores.flatMap(([store, bytes, reversingStore]) =>
      all.flatMap(([loader, loading]) =>
        loads
          .filter(([, size]) => size === bytes)
          .flatMap(([load, , reversingLoad]) => {
            const swaps = [storing & LE, loading & LE, reversingStore, reversingLoad].filter(Boolean).length;
            const due = swaps % 2 === 1 ? reversed(value, bytes) : low(value, bytes);
            const name = `${storer} ${store.split('\n').pop()?.trim()}, ${loader}: ${load}`;
            const words = store.split('\n').length;
            const changed = store.startsWith('mtctr') ? { ctr: value } : {};
            return [
              simple(partition, `${name}, the store`, storing, store, 4 * words, changed),
              simple(partition, name, loading, load, 4, { r3: due }),
            ];
          }),
      ),
    ),
  );
}

/** Doublewords 0 and 1 of memory after vector and floating-point stores of what a doubleword pair loaded. */
function vectorCases(partition: Partition): GuestCase[] {
  const programs = [
    'lfd f1, 0(r4)\n stfd f1, 32(r4)\n ld r3, 32(r4)',
    'lfs f1, 0(r4)\n stfd f1, 32(r4)\n ld r3, 32(r4)',
    'lvx v1, 0, r4\n addi r6, r4, 32\n stvx v1, 0, r6\n ld r3, 32(r4)',
    'lvx v1, 0, r4\n vspltb v2, v1, 3\n addi r6, r4, 32\n stvx v2, 0, r6\n ld r3, 40(r4)',
    'lvewx v1, 0, r4\n addi r6, r4, 32\n stvewx v1, 0, r6\n lwz r3, 32(r4)',
    'lxvd2x vs1, 0, r4\n addi r6, r4, 32\n stxvd2x vs1, 0, r6\n ld r3, 40(r4)',
    'lxvw4x vs1, 0, r4\n addi r6, r4, 32\n stxvd2x vs1, 0, r6\n ld r3, 32(r4)',
    'lxsdx vs1, 0, r4\n addi r6, r4, 32\n stxvw4x vs1, 0, r6\n ld r3, 32(r4)',
    'lxvdsx vs1, 0, r4\n addi r6, r4, 32\n stxvw4x vs1, 0, r6\n ld r3, 40(r4)',
    ...(partition.edition < 300
      ? []
      : [
          'lxv vs1, 0(r4)\n stxvd2x vs1, 0, r4\n ld r3, 0(r4)',
          'lxvb16x vs1, 0, r4\n stxv vs1, 32(r4)\n ld r3, 32(r4)',
        ]),
    ...(partition.edition < 300 ? [] : ['lxvh8x vs1, 0, r4\n stxvx vs1, 0, r4\n ld r3, 8(r4)']),
  ];
  return Object.entries(contexts).flatMap(([name, context]) =>
    programs.flatMap((code): GuestCase[] => {
      const parts = { msr: context | FP | VEC | VSX, registers: [0n, data, value, ~value] };
      const text = `std r5, 0(r4)\n std r6, 8(r4)\n ${code}`;
      return [
        {
          ...parts,
          name: `${name}: ${code.replaceAll('\n', ';')}`,
          code: text,
          // The value is QEMU's to confirm: elements of registers are told apart in the recorded vectors.
          expect: (at) => {
            const { r3: _, ...rest } = completed(partition, parts, at + 4n * BigInt(text.split('\n').length));
            return rest;
          },
        },
      ];
    }),
  );
}

/** In little-endian order load and store multiple and string instructions raise the alignment interrupt. */
function multipleCases(partition: Partition): GuestCase[] {
  const programs = [
    'lmw r29, 0(r4)',
    'stmw r29, 0(r4)',
    'lswi r5, r4, 8',
    'stswi r5, r4, 8',
    'lswx r5, 0, r4',
    'stswx r5, 0, r4',
  ];
  return Object.entries(contexts).flatMap(([name, context]) =>
    programs.map((code): GuestCase => {
      const parts = { msr: context, registers: [0n, data] };
      return {
        ...parts,
        name: `${name}: ${code}`,
        prepare: 'li r3, 8\n mtxer r3',
        code,
        expect: (at) =>
          context & LE
            ? interrupt(partition, parts, { vector: 0x600n, resume: at, dar: data, dsisr: 'any' })
            : completed(partition, parts, at + 4n),
      };
    }),
  );
}

/** A program that goes on in the other order, by rfid from supervisor state. */
function crossing(partition: Partition): GuestCase[] {
  const both: readonly (readonly [string, bigint, bigint])[] = [
    ['big to little', contexts.big, contexts.little],
    ['little to big', contexts.little, contexts.big],
    ['big to little problem', contexts.big, contexts['little, problem']],
    ['little to big problem', contexts.little, contexts['big, problem']],
  ];
  // `addi r3, r3, 77` and `trap` in the order that the first program does not have.
  const other = [0x3863_004dn, 0x7fe0_0008n].map((word) => `.long 0x${reversed(word, 4).toString(16)}`).join('\n');
  return both.map(([name, from, to]): GuestCase => {
    const parts = { msr: from, registers: [5n, to] };
    const code = `
        bl 1f
1:      mflr r5
        addi r5, r5, 20
        mtsrr0 r5
        mtsrr1 r4
        rfid
        ${other}`;
    return {
      ...parts,
      name,
      code,
      expect: (at) => ({ ...completed(partition, parts, at + 28n, to), r3: 82n, lr: at + 4n }),
    };
  });
}

/** One guest for each CPU. */
export function byteOrderGuest(cpu: string): Guest {
  const partition = { edition: editionOfCpu(cpu), ail: 0n, ile: false };
  const cases = [storeAndLoad, vectorCases, multipleCases, crossing].flatMap((make) => make(partition));
  return { name: `byte order ${cpu}`, options: { cpu }, cases };
}
