// A fuzz case: a program, the registers and modes that it starts with, and how the run is cut. All from one seed.
import type { IsaVersion } from '../../src/isa/version.ts';
import { indexRegisters, pointerRegisters, randomProgram } from './program.ts';
import { Random } from './random.ts';

/** Guest addresses of a case. With translation on, those of code are the real ones, too; data may lie elsewhere. */
export const places = {
  code: 0x1_0000,
  /** Readable and writable. */
  window: 0x4_0000,
  /** Read only, when translation is on. */
  readOnly: 0x5_0000,
  /** Not mapped, when translation is on. */
  unmapped: 0x6_0000,
  pageTables: 0x8_0000,
} as const;

/** Pages of 4 KiB in the window. */
export const windowPages = (places.readOnly - places.window) / 4096;

/** One step: run for a budget, or drop translated code before that. */
export interface FuzzStep {
  readonly budget: number;
  readonly drop: boolean;
}

/** Everything that a case is. */
export interface FuzzCase {
  readonly seed: number;
  readonly edition: IsaVersion;
  readonly littleEndian: boolean;
  /** Real address of the first instruction. */
  readonly start: number;
  readonly words: readonly number[];
  readonly msr: bigint;
  readonly gpr: readonly bigint[];
  readonly vsr: readonly bigint[];
  readonly cr: number;
  /** CA, OV, SO, each 0 or 1. */
  readonly xer: readonly [number, number, number];
  readonly lr: bigint;
  readonly ctr: bigint;
  readonly fpscr: bigint;
  readonly vscr: bigint;
  /** What each page of the window holds, turned by some bytes. */
  readonly window: Uint8Array;
  /** With translation on: the page of the window's memory that each of its pages of 4 KiB is; undefined for pages of 64 KiB. */
  readonly scattered: readonly number[] | undefined;
  readonly steps: readonly FuzzStep[];
  /** Instructions, by their number, that regions are made from before the first step. */
  readonly hot: readonly number[];
  /** These regions are joined with what is around them. */
  readonly joined: boolean;
}

const specialDoubles = [
  0n,
  0x8000000000000000n,
  0x3ff0000000000000n,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x7ff8000000000001n,
  0x7ff0000000000001n,
  1n,
  0x000fffffffffffffn,
  0x0010000000000000n,
  0x7fefffffffffffffn,
  0x36a0000000000000n,
  0x47efffffe0000000n,
  0x380fffffe0000000n,
];

function randomGpr(random: Random): bigint {
  switch (random.below(7)) {
    case 0:
      return BigInt(random.below(128));
    case 1:
      return BigInt.asUintN(64, -BigInt(random.below(128)));
    case 2:
      return BigInt(random.word());
    case 3:
      return 1n << BigInt(random.below(64));
    case 4:
      return BigInt.asUintN(64, (1n << BigInt(random.below(64))) - 1n);
    default:
      return random.doubleword();
  }
}

const double = new DataView(new ArrayBuffer(8));

function randomDouble(random: Random): bigint {
  if (random.chance(0.2)) return random.pick(specialDoubles);
  if (random.chance(0.15)) return random.doubleword();
  const scale = random.chance(0.8) ? 20 : random.chance(0.5) ? 140 : 1000;
  const value = (random.word() / 2 ** 31 - 1 + random.word() / 2 ** 63) * 2 ** random.between(-scale, scale);
  double.setFloat64(0, random.chance(0.5) ? Math.fround(value) : value);
  return double.getBigUint64(0);
}

/** Two single-precision numbers side by side. */
function randomSingles(random: Random): bigint {
  for (const at of [0, 4]) double.setFloat32(at, (random.word() / 2 ** 31 - 1) * 2 ** random.between(-20, 20));
  return double.getBigUint64(0);
}

function randomPointer(random: Random): bigint {
  const { window, readOnly, unmapped } = places;
  const near = BigInt(random.between(-16, 16));
  if (random.chance(0.55)) return BigInt(window + 0x100 + random.below(0x3000));
  if (random.chance(0.4)) return BigInt(window + 0x1000 * random.between(1, 12)) + near;
  if (random.chance(0.4)) return BigInt(readOnly) + near;
  if (random.chance(0.5)) return BigInt(unmapped) + near;
  // Data in the page that holds the code, away from the program.
  if (random.chance(0.6)) return BigInt(places.code + 0xe00 + random.below(64));
  return randomGpr(random);
}

const facilityMsrBits = [0x2000n, 0x0200_0000n, 0x0080_0000n];

function randomMsr(random: Random, littleEndian: boolean): bigint {
  // SF, ME, RI.
  let msr = 0x8000_0000_0000_1002n | (littleEndian ? 1n : 0n);
  for (const bit of facilityMsrBits) if (!random.chance(0.06)) msr |= bit;
  if (random.chance(0.6)) msr |= 0x30n;
  if (random.chance(0.2)) msr |= 0x4000n;
  // FE0 and FE1: enabled floating-point exceptions interrupt.
  if (random.chance(0.1)) msr |= 0x900n;
  if (random.chance(0.04)) msr &= ~(1n << 63n);
  return msr;
}

/** With FEX and VX as the other bits make them (Book I, section 4.2.2). */
function consistent(bits: number): bigint {
  const anyInvalid = (bits & 0x01f8_0700) === 0 ? 0 : 0x2000_0000;
  const all = bits | anyInvalid;
  // VX, OX, UX, ZX, XX stand 22 bits above VE, OE, UE, ZE, XE.
  const enabled = (all >>> 22) & all & 0xf8;
  return BigInt((all | (enabled === 0 ? 0 : 0x4000_0000)) >>> 0);
}

function randomFpscr(random: Random): bigint {
  if (random.chance(0.7)) return random.chance(0.7) ? 0x0200_0000n : 0x8200_0000n;
  if (random.chance(0.5)) return BigInt(random.below(4));
  return consistent(random.word() & ~0x6000_0800);
}

/** Real pages in another order, with runs of neighbours. */
function randomOrder(random: Random): number[] {
  const pages = Array.from({ length: windowPages }, (_, i) => i);
  return Array.from({ length: windowPages }, (_, i) => {
    const at = random.chance(0.3) ? 0 : random.below(windowPages - i);
    return pages.splice(at, 1)[0] ?? 0;
  });
}

/** The case of a seed. */
export function makeCase(seed: number): FuzzCase {
  const random = new Random(seed);
  const edition: IsaVersion = random.chance(0.5) ? '3.1' : '3.0';
  const littleEndian = random.chance(0.6);
  const length = random.between(4, random.chance(0.7) ? 24 : 64);
  // Some programs cross the end of a page.
  const crossing = random.chance(0.2);
  const start = places.code + (crossing ? 0x1000 - 4 * random.between(1, length) : 4 * random.below(256));
  const words = randomProgram(random, edition, length);
  const gpr = Array.from({ length: 32 }, () => randomGpr(random));
  for (const n of indexRegisters) gpr[n] = BigInt(random.chance(0.5) ? 8 * random.below(8) : random.below(48));
  for (const n of pointerRegisters) gpr[n] = randomPointer(random);
  const window = new Uint8Array(4096);
  for (let i = 0; i < window.length; i++) window[i] = random.chance(0.5) ? random.below(256) : 0;
  const vector = () => (random.chance(0.7) ? randomDouble(random) : randomSingles(random));
  return {
    seed,
    edition,
    littleEndian,
    start,
    words,
    msr: randomMsr(random, littleEndian),
    gpr,
    vsr: Array.from({ length: 128 }, vector),
    cr: random.word(),
    xer: [random.below(2), random.below(2), random.below(2)],
    lr: BigInt(start + 4 * random.below(length)),
    ctr: random.chance(0.8) ? BigInt(random.between(1, 20)) : BigInt(start + 4 * random.below(length)),
    fpscr: BigInt.asUintN(64, randomFpscr(random)),
    vscr: BigInt(random.chance(0.5) ? 0 : 0x1_0000),
    window,
    scattered: random.chance(0.6) ? randomOrder(random) : undefined,
    steps: Array.from({ length: random.between(6, 24) }, () => ({
      budget: random.chance(0.7) ? random.between(1, 30) : random.between(30, 120),
      drop: random.chance(0.05),
    })),
    hot: Array.from({ length: random.between(1, 5) }, () => random.below(length)),
    joined: random.chance(0.5),
  };
}
