// Load-and-reserve, store-conditional and atomic memory operations (Power ISA Book II, chapter 4).
import type { AccessSize, Builder, Fields, I32, I64 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import type { IsaVersion } from '../version.ts';

const address = (b: Builder, f: Fields): I64 => b.add(b.gprOr0(f.RA), b.gpr(f.RB));

function loadReserve(
  mnemonic: string,
  code: number,
  size: AccessSize,
  since: IsaVersion,
  hot: boolean,
): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 RT:5 RA:5 RB:5 ${code}:10 EH:1`,
    operands: 'RT,RA,RB,EH',
    since,
    ...(hot ? { hot } : {}),
    meaning: (b, f) => b.setGpr(f.RT, b.loadReserve(size, address(b, f))),
  };
}

function storeConditional(
  mnemonic: string,
  code: number,
  size: AccessSize,
  since: IsaVersion,
  hot: boolean,
): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 RS:5 RA:5 RB:5 ${code}:10 1:1`,
    operands: 'RS,RA,RB',
    since,
    ...(hot ? { hot } : {}),
    meaning: (b, f) => recordStored(b, b.storeConditional(size, address(b, f), b.gpr(f.RS))),
  };
}

/** CR0 = 0b00 ‖ stored ‖ XER[SO]. */
function recordStored(b: Builder, stored: I32): void {
  b.setCrField(0, b.op('i32.or', b.op('i32.shl', stored, b.const32(1)), b.wrap(b.slot('so'))));
}

/** Function codes that name an operation on the location and one register (Book II, figure 4). */
type Combine = (b: Builder, memory: I64, operand: I64, signed: (x: I64) => I64) => I64;
const combinations: Readonly<Record<number, Combine>> = {
  0: (b, m, o) => b.add(m, o),
  1: (b, m, o) => b.xor(m, o),
  2: (b, m, o) => b.or(m, o),
  3: (b, m, o) => b.and(m, o),
  4: (b, m, o) => b.select(b.gtU(m, o), m, o),
  5: (b, m, o, signed) => b.select(b.gtS(signed(m), signed(o)), m, o),
  6: (b, m, o) => b.select(b.ltU(m, o), m, o),
  7: (b, m, o, signed) => b.select(b.ltS(signed(m), signed(o)), m, o),
  8: (_, __, o) => o,
};

/** Function codes of loads that look at two adjacent locations. */
const bounded: ReadonlySet<number> = new Set([24, 25, 28]);

/** The function code itself where it is defined for loads, else 31 (not defined). */
function canonicalLoad(fixed: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const code = fixed.FC ?? 31;
  return { ...fixed, FC: code in combinations || code === 16 || bounded.has(code) ? code : 31 };
}

function canonicalStore(fixed: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const code = fixed.FC ?? 31;
  return { ...fixed, FC: code <= 7 || code === 24 ? code : 31 };
}

/** lwat and ldat: RT gets the old contents of the location. */
function loadAtomic(b: Builder, f: Fields, size: 4 | 8): void {
  const code = b.fixed(f.FC);
  const ea = b.gprOr0(f.RA);
  const cut = (x: I64) => (size === 4 ? b.ext32u(x) : x);
  const signed = (x: I64) => (size === 4 ? b.ext32s(x) : x);
  const combine = combinations[code];
  if (code === 31) {
    b.program('illegal');
    return;
  }
  const old = b.load(size, ea);
  if (combine) {
    b.store(size, ea, combine(b, old, cut(b.gprAt(f.RT, 1)), signed));
    b.setGpr(f.RT, old);
  } else if (code === 16) {
    // Compare and swap not equal.
    const differs = b.ne(old, cut(b.gprAt(f.RT, 1)));
    b.store(size, ea, b.select(differs, b.gprAt(f.RT, 2), old));
    b.setGpr(f.RT, old);
  } else {
    boundedStep(b, f, size, code, ea, old);
  }
}

/** Fetch and increment bounded (24), increment equal (25), decrement bounded (28): no store gives the least integer. */
function boundedStep(b: Builder, f: Fields, size: 4 | 8, code: number, ea: I64, old: I64): void {
  const other = b.load(size, b.add(ea, b.const(code === 28 ? -size : size)));
  const performed = code === 25 ? b.eq(old, other) : b.ne(old, other);
  const least = b.const(size === 4 ? 0x8000_0000 : -(2n ** 63n));
  b.store(size, ea, b.select(performed, b.add(old, b.const(code === 28 ? -1 : 1)), old));
  b.setGpr(f.RT, b.select(performed, old, least));
}

/** stwat and stdat: the location is combined with RS. */
function storeAtomic(b: Builder, f: Fields, size: 4 | 8): void {
  const code = b.fixed(f.FC);
  if (code === 31) {
    b.program('illegal');
    return;
  }
  const ea = b.gprOr0(f.RA);
  const operand = size === 4 ? b.ext32u(b.gpr(f.RS)) : b.gpr(f.RS);
  const signed = (x: I64) => (size === 4 ? b.ext32s(x) : x);
  const old = b.load(size, ea);
  const combine = combinations[code];
  if (combine) {
    b.store(size, ea, combine(b, old, operand, signed));
    return;
  }
  // Store twin: both locations when they are equal.
  const second = b.add(ea, b.const(size));
  const twin = b.load(size, second);
  const same = b.eq(old, twin);
  b.store(size, ea, b.select(same, operand, old));
  b.store(size, second, b.select(same, operand, twin));
}

function atomicOperation(mnemonic: string, code: number, size: 4 | 8, isLoad: boolean): InstructionRow {
  const target = isLoad ? 'RT' : 'RS';
  return {
    mnemonic,
    pattern: `31:6 ${target}:5 RA:5 FC:5 ${code}:10 /:1`,
    operands: `${target},RA,FC`,
    since: '3.0',
    split: ['FC'],
    canonical: isLoad ? canonicalLoad : canonicalStore,
    meaning: (b, f) => (isLoad ? loadAtomic(b, f, size) : storeAtomic(b, f, size)),
  };
}

/** Bytes. An address that is no multiple of it is an alignment interrupt: nothing is loaded or stored by halves. */
const quadword = 16;

export const atomicRows: readonly InstructionRow[] = [
  loadReserve('lbarx', 52, 1, '2.06', false),
  loadReserve('lharx', 116, 2, '2.06', false),
  loadReserve('lwarx', 20, 4, '2.05', true),
  loadReserve('ldarx', 84, 8, '2.05', true),
  {
    mnemonic: 'lqarx',
    pattern: '31:6 RTp:5 RA:5 RB:5 276:10 EH:1',
    operands: 'RTp,RA,RB,EH',
    since: '2.07',
    meaning: (b, f) => {
      const ea = address(b, f);
      const first = b.loadReserve(8, ea, quadword);
      const second = b.load(8, b.add(ea, b.const(8)));
      b.setGprAt(f.RTp, 0, b.littleEndian ? second : first);
      b.setGprAt(f.RTp, 1, b.littleEndian ? first : second);
    },
  },
  storeConditional('stbcx.', 694, 1, '2.06', false),
  storeConditional('sthcx.', 726, 2, '2.06', false),
  storeConditional('stwcx.', 150, 4, '2.05', true),
  storeConditional('stdcx.', 214, 8, '2.05', true),
  {
    mnemonic: 'stqcx.',
    pattern: '31:6 RSp:5 RA:5 RB:5 182:10 1:1',
    operands: 'RSp,RA,RB',
    since: '2.07',
    meaning: (b, f) => {
      const ea = address(b, f);
      const high = b.gprAt(f.RSp, 0);
      const low = b.gprAt(f.RSp, 1);
      const stored = b.storeConditional(8, ea, b.littleEndian ? low : high, quadword);
      b.if(stored, () => b.store(8, b.add(ea, b.const(8)), b.littleEndian ? high : low));
      recordStored(b, stored);
    },
  },
  atomicOperation('lwat', 582, 4, true),
  atomicOperation('ldat', 614, 8, true),
  atomicOperation('stwat', 710, 4, false),
  atomicOperation('stdat', 742, 8, false),
];
