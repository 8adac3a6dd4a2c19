// Guests that load, store and execute through the hash MMU: every protection, page keys, no-execute pages and segments,
// every page size that is offered, both segment sizes, and R and C afterwards. What is due is the model of test/mmu's
// (Power ISA v3.0 Book III, sections 5.7.7 to 5.7.9).
import { type Access, HashModel, pte, virtualPage } from '../mmu/hash-model.ts';
import { type PageKind, pageKinds } from '../mmu/page-sizes.ts';
import { type Guest, type GuestCase, place } from './guest-case.ts';
import { completed, editionOfCpu, interrupt, msr, type Partition, program, storage } from './model.ts';

const { SF, ME, PR, IR, DR, RI, EE } = msr;

/** A segment of its own, of 256 MiB or 1 TiB, with a page at the place of the data page, in the SLB's entry 5. */
const segmentAddress = 0x5000_0300_0000_0000n;
const slbIndex = 5n;
const virtualSegment = 0x700n;
const segment = { ks: 0x800n, kp: 0x400n, noExecute: 0x200n, tera: 1n << 62n } as const;
const trapWord = 0x7fe0_0008n;
/** The machines have 256 MiB: a table of 2 MiB, 2^14 groups. */
const groups = 1n << 14n;

/** Registers that gate pages by key. */
interface Keys {
  readonly amr: bigint;
  readonly iamr: bigint;
}

/** How the page is mapped and reached. */
interface Mapping {
  readonly kind: PageKind;
  readonly oneTera: boolean;
  /** Bits of the SLB entry's second doubleword: keys and N. */
  readonly segment: bigint;
  /** PP, key and N of the page table entry. */
  readonly rights: bigint;
  readonly keys?: Keys;
}

const load64 = (register: string, value: bigint): string => {
  const half = (shift: bigint): string => String((value >> shift) & 0xffffn);
  const high = `lis ${register}, ${BigInt.asIntN(16, value >> 48n)}\n ori ${register}, ${register}, ${half(32n)}`;
  return `${high}\n sldi ${register}, ${register}, 32\n oris ${register}, ${register}, ${half(16n)}\n ori ${register}, ${register}, ${half(0n)}`;
};

const accesses: Readonly<Record<Access, string>> = { load: 'lwz r3, 0(r5)', store: 'stw r3, 0(r5)', fetch: '' };

/** How a mapping is made before a case and taken away after it, and what is needed to change it in between. */
function setUp(mapping: Mapping) {
  const { kind, oneTera, rights } = mapping;
  const keys = mapping.keys ?? { amr: 0n, iamr: 0n };
  // The data page begins at a multiple of 64 KiB, and lies in the upper half of the first 16 MiB.
  const ea = segmentAddress | place.data;
  const size = oneTera ? segment.tera : 0n;
  const vsidWord = size | (virtualSegment << (oneTera ? 24n : 12n)) | kind.slb | mapping.segment;
  const esidWord = (ea & ~0xfff_ffffn & (oneTera ? ~0xff_ffff_ffffn : ~0n)) | 0x800_0000n;
  const { avpn, hash } = virtualPage(vsidWord, ea, kind.base);
  const first = avpn | kind.large | pte.valid;
  const real = (place.data >> kind.actual) << kind.actual;
  const second = real | kind.lp | pte.coherent | rights;
  const slot = (hash & (groups - 1n)) * 8n + 7n;
  const slbie = `${load64('r4', (esidWord & ~0xfff_ffffn) | (oneTera ? 1n << 25n : 0n))}\n slbie r4\n isync`;
  const protect = (amr: bigint, iamr: bigint): string =>
    mapping.keys ? `${load64('r4', amr)}\n mtspr 29, r4\n ${load64('r4', iamr)}\n mtspr 61, r4` : '';
  const prepare = `
        ${load64('r4', place.data)}
        ${load64('r5', trapWord)}
        stw r5, 0(r4)
        dcbst 0, r4
        sync
        icbi 0, r4
        li r3, 8
        li r4, 1
        sldi r4, r4, 39
        ${load64('r5', slot)}
        ${load64('r6', first)}
        ${load64('r7', second)}
        sc 1
        cmpdi r3, 0
        bne .
        ${slbie}
        ${load64('r4', vsidWord)}
        ${load64('r5', esidWord | slbIndex)}
        slbmte r4, r5
        ${protect(keys.amr, keys.iamr)}
        isync`;
  // r4 of the record: R and C of the entry.
  const after = `
        ${protect(0n, 0n)}
        li r3, 4
        li r4, 0
        ${load64('r5', slot)}
        li r6, 0
        sc 1
        andi. r5, r5, 0x180
        lis r4, record@ha
        addi r4, r4, record@l
        std r5, 80(r4)
        ${slbie}`;
  return { ea, vsidWord, esidWord, first, second, hash, slot, slbie, keys, prepare, after };
}

function translationCase(partition: Partition, mapping: Mapping, problem: boolean, access: Access): GuestCase {
  const { ea, vsidWord, esidWord, first, second, hash, slot, keys, prepare, after } = setUp(mapping);
  const value = access === 'load' ? 0n : trapWord;
  const parts = {
    msr: SF | ME | IR | DR | RI | (problem ? EE | PR : 0n),
    registers: [value, 0n, ea],
    prepare,
    after,
    ...(access === 'fetch' ? { entry: ea } : {}),
  };

  const model = new HashModel({
    cpus: 1,
    slots: Number(groups) * 8,
    kinds: [mapping.kind],
    ramBytes: 2 ** 28,
    isa300: true,
  });
  const [cpu] = model.cpus;
  if (!cpu) throw new Error('a model has a vCPU');
  Object.assign(cpu, keys);
  cpu.problem = problem;
  cpu.slb[Number(slbIndex)] = { esidWord, vsidWord };
  model.enter(1n << 39n, slot, first, second, hash);
  const outcome = model.translate(cpu, ea, access);
  if (outcome.kind === 'segment') throw new Error('the segment is there');

  return {
    name: caseName(mapping, problem, access),
    ...parts,
    code: accesses[access],
    expect: (at) => {
      if (outcome.kind === 'fault') {
        const { bits } = outcome;
        const raised =
          access === 'fetch'
            ? { vector: 0x400n, resume: ea, status: bits }
            : { vector: 0x300n, resume: at, dar: ea, dsisr: bits | (access === 'store' ? storage.store : 0n) };
        return { ...interrupt(partition, parts, raised), r4: 0n };
      }
      const touched = pte.referenced | (access === 'store' ? pte.changed : 0n);
      if (access === 'fetch') {
        const raised = { vector: 0x700n, resume: ea, status: program.trap };
        return { ...interrupt(partition, parts, raised), r4: touched };
      }
      return { ...completed(partition, parts, at + 4n), r3: trapWord, r4: touched };
    },
  };
}

function caseName({ kind, oneTera, segment: bits, rights, keys }: Mapping, problem: boolean, access: Access): string {
  const ppBits = (rights & 3n) | ((rights >> 61n) & 4n);
  const words = [
    `2^${kind.actual} in 2^${kind.base} of ${oneTera ? '1T' : '256M'}`,
    `PP ${ppBits}`,
    `${bits & segment.ks ? 'Ks' : ''}${bits & segment.kp ? 'Kp' : ''}${bits & segment.noExecute ? 'N' : ''}`,
    rights & pte.noExecute ? 'no-execute' : '',
    keys ? `AMR ${keys.amr.toString(16)} IAMR ${keys.iamr.toString(16)}` : '',
    problem ? 'problem' : 'supervisor',
    access,
  ];
  return words.filter((word) => word !== '').join(', ');
}

/** Something between two accesses that changes what the second one finds: code, and what is raised. r10 is the page's address. */
interface Change {
  readonly name: string;
  readonly code: string;
  readonly second: 'load' | 'store';
  /** Vector and DSISR of the second access; undefined: it is carried out and loads `sees`. */
  readonly raises?: { readonly vector: bigint; readonly dsisr?: bigint };
  readonly sees?: bigint;
  /** R and C of the entry, when it is still there. */
  readonly touched: bigint | 'gone';
  readonly notOnQemu?: string;
}

const hypercall = (number: number, ...list: readonly bigint[]): string =>
  `${list.map((value, n) => load64(`r${4 + n}`, value)).join('\n')}\n li r3, ${number}\n sc 1`;

function changes({ slot, first, second, slbie, esidWord, vsidWord }: ReturnType<typeof setUp>): readonly Change[] {
  const removed = { vector: 0x300n, dsisr: storage.noTranslation };
  const both = pte.referenced | pte.changed;
  const otherVsid = vsidWord + (1n << 32n);
  const noClear = 'QEMU 7.2 has neither H_CLEAR_REF nor H_CLEAR_MOD';
  const list: readonly Change[] = [
    { name: 'H_REMOVE', code: hypercall(4, 0n, slot, 0n), second: 'load', raises: removed, touched: 'gone' },
    {
      name: 'H_BULK_REMOVE',
      code: hypercall(0x124, (1n << 62n) | (2n << 56n) | slot, first & ~0x7fn, 3n << 62n, 0n),
      second: 'load',
      raises: removed,
      touched: 'gone',
    },
    {
      name: 'H_PROTECT',
      code: hypercall(0x18, 3n, slot, 0n),
      second: 'store',
      raises: { vector: 0x300n, dsisr: storage.protection | storage.store },
      touched: pte.referenced,
    },
    {
      name: 'H_REMOVE and H_ENTER of another page',
      code: `${hypercall(4, 0n, slot, 0n)}\n ${hypercall(8, 1n << 39n, slot, first, second + 0x1000n)}`,
      second: 'load',
      sees: 0x1234_5678n,
      touched: pte.referenced,
    },
    {
      name: 'H_CLEAR_REF',
      code: hypercall(0x14, 0n, slot),
      second: 'load',
      sees: trapWord,
      touched: pte.referenced,
      notOnQemu: noClear,
    },
    {
      name: 'a store and H_CLEAR_MOD',
      code: `lis r3, ${trapWord >> 16n}\n ori r3, r3, ${trapWord & 0xffffn}\n stw r3, 0(r10)\n ${hypercall(0x10, 0n, slot)}`,
      second: 'store',
      touched: both,
      notOnQemu: noClear,
    },
    { name: 'slbie', code: slbie, second: 'load', raises: { vector: 0x380n }, touched: pte.referenced },
    ...[0, 1, 2, 6].map(
      (ih): Change => ({
        name: `slbia ${ih}`,
        code: `slbia ${ih}\n isync`,
        second: 'load',
        raises: { vector: 0x380n },
        touched: pte.referenced,
      }),
    ),
    {
      name: 'another segment',
      code: `${slbie}\n ${load64('r4', otherVsid)}\n ${load64('r6', esidWord | slbIndex)}\n slbmte r4, r6\n isync`,
      second: 'load',
      raises: removed,
      touched: pte.referenced,
    },
  ];
  return list.map((change) => ({ ...change, code: `mr r10, r5\n ${change.code}` }));
}

/** The runtime's segments, which slbia takes away. */
const restore = `
        lis r4, ${(0x400 << 12) >> 16}
        ori r4, r4, 0x510
        li r5, -4
        sldi r5, r5, 60
        oris r5, r5, 0x800
        ori r5, r5, 1
        rldicr r6, r5, 0, 3
        slbie r6
        slbmte r4, r5
        isync`;

function changeCases(partition: Partition, mapping: Mapping): readonly GuestCase[] {
  const made = setUp(mapping);
  const { ea, slot, prepare, after } = made;
  const otherWord = `${load64('r4', place.data + 0x1000n)}\n ${load64('r5', 0x1234_5678n)}\n stw r5, 0(r4)`;
  return changes(made).map((change) => {
    const { code, second, raises, sees, touched, notOnQemu } = change;
    const parts = {
      msr: SF | ME | IR | DR | RI,
      registers: [0n, 0n, ea],
      prepare: `${otherWord}\n ${prepare}`,
      after: `${after}\n ${restore}`,
      ...(notOnQemu === undefined ? {} : { notOnQemu }),
    };
    const text = `lwz r3, 0(r5)\n ${code}\n ${second === 'load' ? 'lwz r3, 0(r10)' : 'stw r3, 0(r10)'}`;
    const length = BigInt(4 * text.split('\n').length);
    // What the call has left in r3 when no load follows.
    const r3 = sees ?? (code.includes('sc 1') ? 0n : trapWord);
    const r4 = touched === 'gone' ? slot & 0x180n : touched;
    return {
      name: `${mapping.oneTera ? '1T' : '256M'}, ${change.name}, then a ${second}`,
      ...parts,
      code: text,
      expect: (at: bigint) => {
        if (!raises) return { ...completed(partition, parts, at + length), r3, r4 };
        return { ...interrupt(partition, parts, { ...raises, resume: at + length - 4n, dar: ea }), r3, r4 };
      },
    };
  });
}

const keyNumber = 5n;
/** Key 5 in an entry's second doubleword; its two bits in AMR and IAMR. */
const keyBits = keyNumber << 9n;
const inRegister = (bits: bigint): bigint => bits << (62n - 2n * keyNumber);

const pp = [0n, 1n, 2n, 3n, (1n << 63n) | 2n];

function mappings(kinds: readonly PageKind[], withInstructionKeys: boolean): readonly Mapping[] {
  const list: Mapping[] = [];
  for (const [n, kind] of kinds.entries()) {
    for (const oneTera of [false, true]) {
      const page = { kind, oneTera };
      // All protections once, some of them with each kind of page.
      const full = n === 0 && !oneTera;
      for (const rights of full ? pp : [0n, 2n, 3n]) {
        for (const keys of full ? [0n, segment.ks, segment.kp, segment.ks | segment.kp] : [segment.kp]) {
          list.push({ ...page, segment: keys, rights });
        }
      }
      list.push({ ...page, segment: segment.kp | segment.noExecute, rights: 2n });
      list.push({ ...page, segment: segment.kp, rights: 2n | pte.noExecute });
      if (!full) continue;
      list.push({ ...page, segment: segment.kp, rights: pte.noExecute });
      for (const [amr, iamr] of [
        [1n, 0n],
        [2n, 0n],
        [3n, 0n],
        [0n, 1n],
        [0n, 3n],
      ] as const) {
        const keys = { amr: inRegister(amr), iamr: withInstructionKeys ? inRegister(iamr) : 0n };
        for (const rights of [2n, 3n, 0n]) list.push({ ...page, segment: segment.kp, rights: rights | keyBits, keys });
      }
    }
  }
  return list;
}

function guest(cpu: string, option: string | undefined): Guest {
  const edition = editionOfCpu(cpu);
  const partition: Partition = { edition, ail: 0n, ile: false };
  const kinds = pageKinds(option === undefined ? 16 : 24);
  const all = mappings(kinds, edition >= 207);
  const [kind] = kinds;
  if (!kind) throw new Error('pages of 4 KiB are always there');
  return {
    name: `translation ${cpu}${option === undefined ? '' : `, pages of up to ${option}`}`,
    options: { cpu, ...(option === undefined ? {} : { 'cap-hpt-max-page-size': option }) },
    cases: [
      ...all.flatMap((mapping) =>
        [false, true].flatMap((problem) =>
          (['load', 'store', 'fetch'] as const).map((access) => translationCase(partition, mapping, problem, access)),
        ),
      ),
      ...[false, true].flatMap((oneTera) => changeCases(partition, { kind, oneTera, segment: segment.kp, rights: 2n })),
    ],
  };
}

/** The guest of a CPU with the default page sizes. */
export const translationGuest = (cpu: string): Guest => guest(cpu, undefined);

/** Those with larger pages. */
export const largePageGuests = (): readonly Guest[] => ['power8', 'power9'].map((cpu) => guest(cpu, '16m'));
