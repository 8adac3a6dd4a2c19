// A guest that is a hypervisor: a puppet that sets up guests of its own by stores and enters them by H_ENTER_NESTED.
import { assemble } from '../../src/isa/assemble.ts';
import { Puppet, type PuppetOptions } from '../interrupts/puppet.ts';
import { RadixTree } from './trees.ts';

/** Real addresses of the hypervisor, in memory that it does not use otherwise. */
export const place = {
  partitionTable: 0x400_0000n,
  /** The two structures; those of a second vCPU lie 8 KiB behind. */
  state: 0x402_0000n,
  registers: 0x402_1000n,
  /** The partition-scoped tree of each LPID, 1 MiB for each. */
  trees: 0x410_0000n,
  /** What its guests take for the first 2 MiB of their memory, 2 MiB for each LPID. */
  guests: 0x800_0000n,
} as const;

/** Offsets of doublewords in the first structure; `lpid` and `token` are words. */
export const stateField = {
  version: 0,
  lpid: 8,
  lpcr: 16,
  pcr: 24,
  amor: 32,
  dpdes: 40,
  hfscr: 48,
  tbOffset: 56,
  dawr0: 64,
  dawrx0: 72,
  ciabr: 80,
  hdecExpiry: 88,
  purr: 96,
  spurr: 104,
  ic: 112,
  vtb: 120,
  hdar: 128,
  hdsisr: 136,
  heir: 144,
  asdr: 152,
  srr0: 160,
  srr1: 168,
  sprg0: 176,
  sprg1: 184,
  sprg2: 192,
  sprg3: 200,
  pidr: 208,
  cfar: 216,
  ppr: 224,
  dawr1: 232,
  dawrx1: 240,
} as const;

/** Offsets in the second structure. */
export const registerField = { nip: 256, msr: 264, origGpr3: 272, ctr: 280, link: 288, xer: 296, ccr: 304 } as const;

export type StateName = keyof typeof stateField;
export type RegisterName = keyof typeof registerField | `r${number}`;

/** MSR bits. */
export const msr = {
  SF: 1n << 63n,
  HV: 1n << 60n,
  VEC: 1n << 25n,
  VSX: 1n << 23n,
  EE: 0x8000n,
  PR: 0x4000n,
  FP: 0x2000n,
  ME: 0x1000n,
  IR: 0x20n,
  DR: 0x10n,
  RI: 2n,
  LE: 1n,
} as const;

/** A guest's MSR with translation off, and with it on. */
export const realMode = msr.SF | msr.ME | msr.RI;
export const translated = realMode | msr.IR | msr.DR;

/** A time that does not come. */
export const never = 1n << 50n;

/** What is loaded into a guest; everything else is zero. */
export interface Entry {
  readonly state?: Partial<Record<StateName, bigint>>;
  readonly registers?: Partial<Record<RegisterName, bigint>>;
  /** vCPU of the hypervisor that enters. */
  readonly cpu?: number;
}

const offsetOf = (name: RegisterName): bigint =>
  BigInt(name in registerField ? registerField[name as keyof typeof registerField] : 8 * Number(name.slice(1)));

/** A hypervisor whose partition table names trees of LPID 1 and up. */
export class Hypervisor {
  readonly puppet: Puppet;
  /** The tree of each LPID that was asked for. */
  readonly #trees = new Map<number, RadixTree>();

  readonly #little: boolean;

  /** With `littleEndian`, it makes its calls in little-endian mode, and so are its structures. */
  constructor(options: PuppetOptions & { readonly littleEndian?: boolean } = {}) {
    const request = { 'cap-nested-hv': 'on', 'cap-rpt-invalidate': 'on', ...options.request };
    this.puppet = new Puppet({ wish: {}, ...options, request });
    this.#little = options.littleEndian === true;
    this.puppet.littleCalls = this.#little;
  }

  /** A doubleword of a structure as a big-endian store has it; LPID and token are two words. */
  #ordered(value: bigint, words = false): bigint {
    if (!this.#little) return value;
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt.asUintN(64, value));
    if (!words) return view.getBigUint64(0, true);
    return (BigInt(view.getUint32(0, true)) << 32n) | BigInt(view.getUint32(4, true));
  }

  store(address: bigint, value: bigint): void {
    this.puppet.store(0, address, 8, BigInt.asUintN(64, value));
  }

  load(address: bigint): bigint {
    return this.puppet.load(0, address, 8);
  }

  call(name: string, ...args: bigint[]): bigint {
    return this.puppet.hypercall(name, args, 0).status;
  }

  /** Sets a partition table of 4 KiB. */
  setTable(): bigint {
    return this.call('H_SET_PARTITION_TABLE', place.partitionTable);
  }

  /** First byte of the hypervisor's memory that a guest takes for its own. */
  memoryOf(lpid: number): bigint {
    return place.guests + (BigInt(lpid - 1) << 21n);
  }

  /** The partition-scoped tree of a guest, which its entry names; `processes` is the second doubleword. */
  partition(lpid: number, processes = 0n): RadixTree {
    let tree = this.#trees.get(lpid);
    if (tree === undefined) {
      tree = new RadixTree({
        from: place.trees + (BigInt(lpid) << 20n),
        write: (address, value) => this.store(address, value),
      });
      this.#trees.set(lpid, tree);
    }
    const at = place.partitionTable + 16n * BigInt(lpid);
    this.store(at, (1n << 63n) | tree.word);
    this.store(at + 8n, processes);
    return tree;
  }

  /** Assembles a program and puts it into a guest's memory. */
  program(lpid: number, address: bigint, source: string, littleEndian = false): void {
    const { bytes } = assemble(source, { origin: address, littleEndian });
    const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
    padded.set(bytes);
    const view = new DataView(padded.buffer);
    for (let n = 0; n < padded.length; n += 8) {
      this.store(this.memoryOf(lpid) + address + BigInt(n), view.getBigUint64(n));
    }
  }

  /** Places of the structures of a vCPU. */
  #structures(cpu: number): { readonly state: bigint; readonly registers: bigint } {
    const behind = BigInt(cpu) * 0x2000n;
    return { state: place.state + behind, registers: place.registers + behind };
  }

  /** Writes the two structures. Version 2 and LPID 1 unless said otherwise, a limit that does not come. */
  prepare({ state = {}, registers = {}, cpu = 0 }: Entry): void {
    const at = this.#structures(cpu);
    const values = { version: 2n, lpid: 1n << 32n, hdecExpiry: never, hfscr: 0xff_ffffn, ...state };
    // Both are names of their table.
    for (const name of Object.keys(stateField) as StateName[]) {
      const value = this.#ordered(values[name as keyof typeof values] ?? 0n, name === 'lpid');
      this.store(at.state + BigInt(stateField[name]), value);
    }
    for (let n = 0n; n < 40n; n++) this.store(at.registers + 8n * n, 0n);
    for (const [name, value] of Object.entries(registers)) {
      this.store(at.registers + offsetOf(name as RegisterName), this.#ordered(value ?? 0n));
    }
  }

  /** Enters the guest that was prepared; the trap, or a status. */
  resume(cpu = 0): bigint {
    const at = this.#structures(cpu);
    return this.puppet.hypercall('H_ENTER_NESTED', [at.state, at.registers], cpu).status;
  }

  /** Writes the structures and enters. */
  enter(entry: Entry): bigint {
    this.prepare(entry);
    return this.resume(entry.cpu);
  }

  state(name: StateName, cpu = 0): bigint {
    return this.#ordered(this.load(this.#structures(cpu).state + BigInt(stateField[name])), name === 'lpid');
  }

  register(name: RegisterName, cpu = 0): bigint {
    return this.#ordered(this.load(this.#structures(cpu).registers + offsetOf(name)));
  }

  setState(name: StateName, value: bigint, cpu = 0): void {
    this.store(this.#structures(cpu).state + BigInt(stateField[name]), this.#ordered(value, name === 'lpid'));
  }

  setRegister(name: RegisterName, value: bigint, cpu = 0): void {
    this.store(this.#structures(cpu).registers + offsetOf(name), this.#ordered(value));
  }
}
