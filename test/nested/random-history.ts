// Random use of the calls for guests of a guest: trees, modes and instructions at random, each run to its end and all of its state
// looked at. The same commands can be carried out by QEMU.
import { Random } from '../mmu/random.ts';
import {
  type Entry,
  Hypervisor,
  msr,
  never,
  place,
  realMode,
  registerField,
  type StateName,
  translated,
} from './hypervisor.ts';
import { processes, user } from './process.ts';
import { leaf, type RadixTree } from './trees.ts';

const at = 0x1000n;
const page = 0x4000_0000n;
const ea = 0x1_0000_0000n;
const stateNames = [
  'hfscr',
  'hdar',
  'hdsisr',
  'asdr',
  'srr0',
  'srr1',
  'sprg0',
  'sprg3',
  'pidr',
  'ppr',
  'dpdes',
] as const satisfies StateName[];

/** Instructions that a guest may execute, r4 being the address of a page of {@link page}, r5 anything. */
const instructions = [
  'ld r3, 0(r4)',
  'lbz r3, 5(r4)',
  'std r5, 0(r4)',
  'stb r5, 7(r4)',
  'dcbz 0, r4',
  'lwarx r3, 0, r4',
  'mtctr r4\n bctr',
  'mtctr r4\n bctr',
  'sc',
  'trap',
  '.long 0x00abcdef',
  'mfmsr r3',
  'mtspr 26, r5\n mfspr r3, 26',
  'mtspr 272, r5\n mtspr 275, r5',
  'mtspr 48, r0\n mfspr r3, 48',
  'mtcr r5\n mtxer r5\n mtlr r5\n mfxer r3',
  'rfid',
  'mtmsrd r6',
  'scv 3',
  'fadd f1, f2, f3',
  'mfspr r3, 275',
] as const;

/** What a vector of the guest does: it shows DAR and DSISR to its hypervisor. */
const stub = 'mfspr r10, 19\n mfspr r11, 18\n sc 1';
const vectors = [0x300n, 0x380n, 0x400n, 0x480n, 0x600n, 0x700n, 0x800n, 0xc00n, 0xf60n];

class History {
  readonly h: Hypervisor;
  readonly #random: Random;
  readonly #partition: RadixTree;
  readonly #tree: RadixTree;

  constructor(seed: number) {
    this.#random = new Random(seed);
    // QEMU 7.2 takes the structures in the byte order of its host.
    this.h = new Hypervisor({ littleEndian: true });
    const { h } = this;
    h.setTable();
    this.#partition = h.partition(1, processes.word);
    this.#partition.map(0n, h.memoryOf(1), 21n);
    this.#tree = processes.tree(h, 1);
    this.#tree.map(0n, 0n, 21n, 0x187n | leaf.privileged);
    // Bits 0 and 1 of an effective address are the quadrant: what follows them is translated.
    this.#tree.map(user, 0n, 21n);
    for (const vector of vectors) {
      h.program(1, vector, stub);
      h.program(1, vector + 0x4000n, stub);
    }
    h.program(1, 0x3060n, stub);
  }

  #rights(): bigint {
    const random = this.#random;
    const rights = random.pick([7n, 7n, 15n, 6n, 4n, 5n, 1n, 2n, 3n, 0n, 14n]);
    const attributes = random.chance(8) ? leaf.guarded : 0n;
    return rights | attributes | random.pick([0n, leaf.r, leaf.r | leaf.c, leaf.r | leaf.c]);
  }

  step(): void {
    const { h } = this;
    const random = this.#random;
    const frame = h.memoryOf(1) + 0x9000n;
    h.store(frame + 0x10n, 0x4400_0022_4400_0022n);
    const outer = this.#partition.map(page, frame, 12n, this.#rights());
    if (random.chance(8)) h.store(outer, 0n);
    const own = this.#tree.map(ea, page, 12n, this.#rights());
    if (random.chance(8)) h.store(h.memoryOf(1) + own, 0n);
    const mode = random.pick(['real', 'kernel', 'kernel', 'user'] as const);
    const where = { real: page, kernel: ea, user: ea }[mode] + 0x10n;
    h.program(1, at, `${random.pick(instructions)}\n sc 1`);
    const bits = (random.chance(2) ? msr.FP : 0n) | (mode !== 'user' && random.chance(3) ? msr.EE : 0n);
    const modeBits = { real: realMode, kernel: translated, user: translated | msr.PR | msr.EE }[mode];
    const entry: Entry = {
      state: {
        // Only 0 and 3 are to be had; interrupts of the guest are big-endian.
        lpcr: random.pick([0n, 3n << 23n]),
        sprg0: random.word(),
        srr0: at + 0x20n,
        srr1: random.pick([realMode, translated]),
        ppr: 0x8_0000_0000_0000n,
        hdecExpiry: random.chance(20) ? 0n : never,
      },
      registers: {
        nip: mode === 'user' ? user + at : at,
        msr: modeBits | bits,
        // With translation off, QEMU 7.2 raises segment interrupts for quadrants and where the partition's tree ends.
        r4: random.chance(12)
          ? where + random.pick([0xffan, ...(mode === 'real' ? [] : [1n << 62n, 1n << 52n])])
          : where,
        r5: random.word(),
        r6: realMode,
        ccr: random.word() & 0xffff_ffffn,
        link: random.word(),
      },
    };
    h.program(1, at + 0x20n, 'sc 1');
    h.enter(entry);
    for (const name of Object.keys(registerField)) h.register(name as keyof typeof registerField);
    for (const name of ['r3', 'r4', 'r10', 'r11'] as const) h.register(name);
    for (const name of stateNames) h.state(name);
    h.load(outer);
    h.load(h.memoryOf(1) + own);
  }

  /** Arguments that are wrong. */
  refused(): void {
    const { h } = this;
    const random = this.#random;
    // Beyond RAM, QEMU 7.2 reads zeros, enters LPID 0, and fails an assertion.
    const real = (): bigint => random.pick([place.state, (256n << 20n) - 100n]);
    h.prepare({ registers: { nip: at, msr: realMode }, state: { version: random.pick([3n, 4n, 1n << 33n]) } });
    h.call('H_ENTER_NESTED', real(), place.registers);
    h.call('H_SET_PARTITION_TABLE', place.partitionTable | random.pick([5n, 31n]));
    h.call('H_TLB_INVALIDATE', 0x1_0000n, 1n, 0x800n);
  }
}

/** A puppet that has lived through `steps` random steps. */
export function randomHistory(seed: number, steps: number): Hypervisor {
  const history = new History(seed);
  history.refused();
  for (let n = 0; n < steps; n++) history.step();
  return history.h;
}
