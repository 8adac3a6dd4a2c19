// One random guest: code, interrupt vectors, tables, call blocks in RAM, and registers, all from one generator. It is put into a machine
// that may have run others before.
import { machineWord } from '../../src/cpu/memory-map.ts';
import { state } from '../../src/cpu/state.ts';
import type { Vcpu } from '../../src/cpu/vcpu.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { sourcePage, timaAddress } from '../../src/interrupts/xive/mmio.ts';
import { assemble } from '../../src/isa/assemble.ts';
import { casRequestBytes } from '../../src/papr/cas-request-bytes.ts';
import type { Random } from '../translator-fuzz/random.ts';
import { enterNested, nestedPlaces, putNested, setPartitionTable } from './nested.ts';
import { putHashTable, putRadixTables, putSegments, tablePlaces } from './tables.ts';
import { blockRegister, type CallNumbers, fillCallBlocks, fillWithCode } from './words.ts';

const [codeAt, codeBytes] = [0x4_0000, 0x1_0000];
const blocksAt = 0x8_0000;
const negotiationAt = 0x9_0000;
/** Interrupt vectors, those of AIL 3, and those of scv. */
const vectorBlocks = [0, 0x4000, 0x1_7000] as const;

/** Guest RAM, past the bookkeeping for decoded code: whoever writes drops that. */
function ramView({ memory }: Engine, ramBytes: number): DataView {
  const base = Number(new DataView(memory.buffer).getBigUint64(machineWord.ramBase, true));
  return new DataView(memory.buffer, base, ramBytes);
}

/** rfid; and a handler that goes on behind the instruction that was interrupted. */
const rfid = 0x4c00_0024;
const skip = [0x7fda_02a6, 0x3bde_0004, 0x7fda_03a6, rfid]; // mfsrr0 r30; addi r30,r30,4; mtsrr0 r30; rfid
/** Puts the decrementer off a little and comes back. */
const later = [0x3bc0_0400, 0x7fd6_03a6, rfid]; // li r30,0x400; mtdec r30; rfid

function putWords(view: DataView, at: number, words: readonly number[], littleEndian: boolean): void {
  words.forEach((word, index) => {
    view.setUint32(at + 4 * index, word >>> 0, littleEndian);
  });
}

/** A pointer, a small number, a number around a border, a device's page, or anything. */
function randomValue(random: Random, ramBytes: number): bigint {
  const kind = random.below(10);
  if (kind < 3) return BigInt(random.below(0x40_0000));
  if (kind === 3) return 0xc000_0000_0000_0000n | BigInt(random.below(0x40_0000));
  if (kind === 4) return BigInt.asUintN(64, BigInt(random.between(-32, 32)));
  if (kind === 5) return BigInt(ramBytes + random.between(-16, 16));
  if (kind === 6) return random.chance(0.5) ? sourcePage(random.below(0x1400)) : timaAddress('os');
  if (kind === 7) return BigInt(codeAt + random.below(codeBytes));
  if (kind === 8) return 1n << BigInt(random.below(64));
  return random.doubleword();
}

const load64 = (register: string, value: bigint): string => {
  const part = (n: number): bigint => (value >> BigInt(16 * n)) & 0xffffn;
  return `li ${register}, 0
    oris ${register}, ${register}, ${part(3)}
    ori ${register}, ${register}, ${part(2)}
    sldi ${register}, ${register}, 32
    oris ${register}, ${register}, ${part(1)}
    ori ${register}, ${register}, ${part(0)}
  `;
};

/** MSR of the random code: HV never; ME; the rest as it comes, but 64-bit and translated are the most frequent. */
function randomMsr(random: Random): bigint {
  let msr = BigInt(random.word() & 0x0382_ef33) | 0x1000n;
  if (random.chance(0.8)) msr |= 1n << 63n;
  if (random.chance(0.5)) msr |= 0x30n;
  // Single-stepping all of the time would leave nothing to translate.
  if (random.chance(0.9)) msr &= ~0x600n;
  if (random.chance(0.7)) msr &= ~0x4000n;
  return msr;
}

/** What a kernel does first, with random choices: calls of the platform, the decrementer, then the jump into the random code. */
function prologue(random: Random, entry: bigint, msr: bigint, numbers: CallNumbers): string {
  const calls: string[] = [];
  const call = (number: number, ...args: readonly bigint[]): void => {
    args.forEach((value, index) => {
      calls.push(load64(`r${4 + index}`, value));
    });
    calls.push(`li r3, 0`, `ori r3, r3, ${number}`, 'sc 1');
  };
  if (random.chance(0.3)) call(0xf002, BigInt(negotiationAt), 0x1000_000n, 0x4_0000n);
  const nested = numbers.hypercalls.includes(enterNested);
  // H_REGISTER_PROC_TBL: flags, base, page size, table size (PAPR, section 14.5.4.3).
  if (random.chance(nested ? 0.9 : 0.6))
    call(
      0x37c,
      random.chance(0.8) ? 0x1dn : BigInt(random.below(32)),
      BigInt(tablePlaces.processTable),
      0n,
      BigInt(random.below(3)),
    );
  // H_SET_MODE: location and byte order of interrupts.
  if (random.chance(0.5)) call(0x31c, random.pick([2n, 3n]), 3n, 0n, 0n);
  if (random.chance(0.2)) call(0x31c, BigInt(random.below(2)), 4n, 0n, 0n);
  // H_REGISTER_VPA.
  if (random.chance(0.3)) call(0xdc, 1n << 45n, 0n, 0x9_8000n);
  // start-cpu of the second thread, into the random code: token, 3 arguments, 1 result.
  if (random.chance(0.5)) call(0xf000, BigInt(negotiationAt + 0x400));
  if (random.chance(0.3)) call(random.pick(numbers.hypercalls));
  if (nested && random.chance(0.9)) {
    call(setPartitionTable, BigInt(nestedPlaces.table + random.below(random.chance(0.9) ? 5 : 32)));
    const pair = BigInt(nestedPlaces.pairs + random.below(nestedPlaces.pairCount) * nestedPlaces.pairBytes);
    if (random.chance(0.7)) call(enterNested, pair, pair + BigInt(nestedPlaces.registers));
  }
  return `${calls.join('\n')}
    li r3, ${random.between(50, 30000)}
    mtdec r3
    ${load64('r3', entry)}
    mtsrr0 r3
    ${load64('r3', msr)}
    mtsrr1 r3
    rfid
  `;
}

/** An instruction of the random code, by its real or its kernel's address. */
function randomEntry(random: Random): bigint {
  return BigInt(codeAt + 4 * random.below(codeBytes / 4)) | (random.chance(0.3) ? 0xcn << 60n : 0n);
}

/** Lets a vCPU go on somewhere else, with other registers and in another mode. */
export function throwVcpu(engine: Engine, vcpu: Vcpu, ramBytes: number, random: Random): void {
  if (random.chance(0.5)) putRegisters(vcpu, random, ramBytes);
  vcpu.msr = randomMsr(random);
  vcpu.nip = randomEntry(random);
  engine.dataPlane.updateContext(vcpu.address);
}

/** What a guest is put into. */
export interface GuestSetting {
  readonly engine: Engine;
  readonly ramBytes: number;
  readonly numbers: CallNumbers;
  /** Token of start-cpu. */
  readonly startCpu: number;
}

function putVectors(view: DataView, random: Random, numbers: CallNumbers, littleEndian: boolean): void {
  for (const block of vectorBlocks) {
    const words: number[] = [];
    fillWithCode(words, 0x1000, random, numbers);
    putWords(view, block, words.slice(0, 0x1000), littleEndian);
    for (let vector = 0x100; vector < 0x4000; vector += 0x20) {
      const kind = random.below(10);
      const handler =
        vector % 0x1000 === 0x900 || vector % 0x1000 === 0x980
          ? later
          : kind < 6
            ? skip
            : kind < 7
              ? [rfid]
              : undefined;
      if (handler && random.chance(0.9)) putWords(view, block + vector, handler, littleEndian);
    }
  }
}

function putRegisters(vcpu: Vcpu, random: Random, ramBytes: number): void {
  for (let n = 0; n < 32; n++) vcpu.setGpr(n, randomValue(random, ramBytes));
  vcpu.setGpr(blockRegister, BigInt(blocksAt));
  vcpu.cr = random.word();
  for (const number of [8, 9])
    vcpu.setSpr(
      number,
      random.chance(0.5) ? BigInt(random.below(32)) : BigInt(codeAt + 4 * random.below(codeBytes / 4)),
    );
  // Facilities are on, most often: FSCR.
  const lost = vcpu.view.getBigUint64(state.fscrLost.offset, true);
  if (random.chance(0.7)) vcpu.setSpr(153, 0x1ffn & ~lost);
}

/** Puts a random guest into a machine: the next step of it runs the guest's first instruction. */
export function putGuest({ engine, ramBytes, numbers, startCpu }: GuestSetting, random: Random): void {
  const view = ramView(engine, ramBytes);
  const littleEndian = random.chance(0.4);
  putVectors(view, random, numbers, littleEndian);
  const words: number[] = [];
  fillWithCode(words, codeBytes / 4, random, numbers);
  putWords(view, codeAt, words.slice(0, codeBytes / 4), littleEndian);
  fillCallBlocks(new DataView(view.buffer, view.byteOffset + blocksAt, 0x8000), random, numbers, ramBytes);
  putRadixTables(view, random, ramBytes);
  if (numbers.hypercalls.includes(enterNested)) {
    putNested(view, random, {
      entry: () => randomEntry(random),
      msr: () => randomMsr(random),
      value: () => randomValue(random, ramBytes),
    });
  }
  const { bases, capacity } = engine.hptPlaces;
  if (random.chance(0.3) && capacity > 0)
    putHashTable(new DataView(engine.memory.buffer, bases[0], 2 ** 18), random, ramBytes);
  engine.ram.writeBytes(negotiationAt, casRequestBytes());
  [startCpu, 3, 1, 1, codeAt + 4 * random.below(0x1000), random.word()].forEach((cell, index) => {
    view.setUint32(negotiationAt + 0x400 + 4 * index, cell);
  });
  const msr = randomMsr(random) & ~1n;
  const first = assemble(prologue(random, randomEntry(random), littleEndian ? msr | 1n : msr, numbers), {
    origin: 0x3_0000n,
    littleEndian: false,
  });
  engine.ram.writeBytes(0x3_0000, first.bytes);
  engine.code.dropAll();
  for (const vcpu of engine.vcpus) {
    // One that runs a guest of the guest before leaves it.
    if (vcpu.nestedLpid !== undefined) engine.dataPlane.nestedLeave(vcpu.address, 0, 0n);
    putRegisters(vcpu, random, ramBytes);
    if (random.chance(0.5)) putSegments(vcpu, random);
    // The first begins in order, in big-endian real mode; others that run are thrown into the code.
    vcpu.msr = vcpu.index === 0 ? 0x8000_0000_0000_1002n : randomMsr(random);
    vcpu.nip = vcpu.index === 0 ? 0x3_0000n : randomEntry(random);
    engine.dataPlane.tlbFlushAll(vcpu.address);
    engine.dataPlane.updateContext(vcpu.address);
  }
}
