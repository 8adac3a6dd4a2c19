// What an instruction test sets and looks at: one block of bytes, the same for the recorder, the oracle and the engine.

/** Byte offsets in a block; everything is little-endian. */
export const block = {
  /** GPR 0…31, 8 bytes each. */
  gpr: 0,
  /** VSR 0…63, 16 bytes each, least significant byte first (doubleword 0 at +8). */
  vsr: 256,
  cr: 1280,
  xer: 1288,
  ctr: 1296,
  lr: 1304,
  fpscr: 1312,
  vscr: 1320,
  tar: 1328,
  /** Contents of the memory window. */
  memory: 1344,
  bytes: 1472,
} as const;

/** Bytes and guest address of the memory window that loads and stores hit; the same address in every machine. */
export const windowBytes = 128;
export const windowAddress = 0x80_0000;

/** GPRs that tests leave alone: a mark for "this was executed", the harness's pointer. */
export const markRegister = 29;
export const harnessRegister = 31;

/** Runs instructions from a given state: the interpreter, the translator, or anything else that is to be tested. */
export interface ExecutionTarget {
  /** Takes programs, each a straight run of words; gives the addresses of their first words. */
  load(programs: readonly (readonly number[])[]): readonly bigint[];
  /** Takes over a block. LR, CTR and TAR are absolute addresses. */
  setState(state: Uint8Array): void;
  /** Runs the program with this index; a vector when an interrupt ended it. */
  run(index: number): number | undefined;
  /** Fills a block. */
  getState(state: Uint8Array): void;
}

/** Which values the vector-scalar registers get. */
export const styles = [
  'random',
  'double',
  'single',
  'half',
  'quad',
  'integer',
  'decimal',
  'decimalFloat',
  'narrow',
  'national',
  'zoned',
  'decimalQuad',
  'packed',
  'bfloat',
] as const;
export type Style = (typeof styles)[number];

/** A generator with a seed (mulberry32): 32 random bits a call. */
export function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}

const all = 0xffff_ffff;
const edges32 = [
  0,
  1,
  2,
  0x7f,
  0x80,
  0xff,
  0x7fff,
  0x8000,
  0xffff,
  0x7fff_fffe,
  0x7fff_ffff,
  0x8000_0000,
  0x8000_0001,
  all,
];
const edges64: readonly (readonly [high: number, low: number])[] = [
  [0, 0],
  [0, 1],
  [all, all],
  [0, 0x7fff_ffff],
  [0, 0x8000_0000],
  [0, all],
  [1, 0],
  [all, 0x8000_0000],
  [all, 0x7fff_ffff],
  [0x7fff_ffff, all],
  [0x8000_0000, 0],
  [0x8000_0000, 1],
];

/** A general-purpose value: an edge, a small number, a word, or random bits. */
function integer64(next: () => number): readonly [number, number] {
  const choice = next() % 8;
  if (choice < 2) return edges64[next() % edges64.length] ?? [0, 0];
  const low = next();
  if (choice === 2) return [0, low % 100];
  if (choice === 3) return [all, (0 - (low % 100)) >>> 0];
  if (choice === 4) return [0, low];
  if (choice === 5) return [low >= 0x8000_0000 ? all : 0, low];
  return [next(), low];
}

/** A binary floating-point value of a format, as its high bits: mostly ordinary numbers near one, often an edge. */
function special(next: () => number, exponentBits: number, fractionBits: number): number {
  const sign = next() & 1;
  const most = 2 ** exponentBits - 1;
  const bias = most >> 1;
  const fractions = [
    0,
    1,
    2 ** fractionBits - 1,
    2 ** (fractionBits - 1),
    2 ** (fractionBits - 1) + 1,
    2 ** (fractionBits - 2),
  ];
  const random = next() % 2 ** fractionBits;
  const fraction = next() % 3 === 0 ? (fractions[next() % fractions.length] ?? 0) : random;
  const exponents = [0, 0, 1, most - 1, most, most, bias, bias + 1, bias - 1, bias + fractionBits];
  const near = bias - 8 + (next() % 17);
  const far = next() % (most + 1);
  const choice = next() % 8;
  const exponent =
    choice < 3
      ? near
      : choice < 5
        ? far
        : choice === 5
          ? (bias + (next() % 70)) % most
          : (exponents[next() % exponents.length] ?? 0);
  return ((sign * 2 ** exponentBits + exponent) * 2 ** fractionBits + fraction) >>> 0;
}

/** A double; half of the time its fraction fits single precision. */
function double64(next: () => number): readonly [number, number] {
  const high = special(next, 11, 20);
  const choice = next() % 4;
  if (choice < 2) return [high, (next() & 7) << 29];
  return [high, choice === 2 ? 0 : next()];
}

const conversion = new DataView(new ArrayBuffer(8));

/** A double that is representable in single precision. */
function narrow64(next: () => number): readonly [number, number] {
  const bits = special(next, 8, 23);
  const fraction = bits & 0x7f_ffff;
  if (((bits >>> 23) & 0xff) === 0xff) {
    // Infinities and NaNs by hand: a conversion would make signalling NaNs quiet.
    return [((bits & 0x8000_0000) | 0x7ff0_0000 | (fraction >>> 3)) >>> 0, (fraction << 29) >>> 0];
  }
  conversion.setUint32(0, bits);
  conversion.setFloat64(0, conversion.getFloat32(0));
  return [conversion.getUint32(0), conversion.getUint32(4)];
}

/** A word of national decimal (two halfwords, digits U+0030…) or zoned decimal (four bytes). */
function characters(next: () => number, bytes: 1 | 2, zone: number): number {
  let value = 0;
  for (let i = 0; i < 4 / bytes; i++) {
    const digit = next() % 60 === 0 ? next() % 256 : zone | (next() % 10);
    value = value * 2 ** (8 * bytes) + digit;
  }
  return value;
}

function decimalDigits(next: () => number): number {
  let value = 0;
  for (let i = 0; i < 8; i++) value = value * 16 + (next() % 40 === 0 ? next() % 16 : next() % 10);
  return value;
}

/** A decimal floating-point number: long in the upper or all 128 bits of extended. */
function decimalFloat(next: () => number, extended: boolean): bigint {
  const more = extended ? 12 : 8;
  const declets = extended ? 11 : 5;
  const used = next() % (declets + 1);
  let digits = 0n;
  for (let i = 0; i < used; i++) {
    const choice = next() % 4;
    // 999, 0 or any: all 1024 declets mean something.
    digits = (digits << 10n) | BigInt(choice === 0 ? 0x0ff : choice === 1 ? 0 : next() & 0x3ff);
  }
  const leading = used === declets ? (next() % 2 === 0 ? 9 : next() % 10) : 0;
  const bias = extended ? 6176 : 398;
  const limit = 3 * 2 ** more - 1;
  const extremes = [0, 1, limit, limit - 1, 20, limit - 20];
  const near = bias - 25 + (next() % 40);
  const place = next() % 6;
  const exponent = place === 0 ? (extremes[next() % 6] ?? 0) : place === 1 ? next() % (limit + 1) : near;
  const upper = exponent >> more;
  let combination = leading < 8 ? (upper << 3) | leading : 24 | (upper << 1) | (leading & 1);
  let rest = exponent & (2 ** more - 1);
  const kind = next() % 16;
  if (kind < 2) combination = 30 + kind;
  if (kind < 2 && next() % 2 === 0) rest |= 2 ** (more - 1);
  const top = BigInt(((next() & 1) << 5) | combination);
  return (((top << BigInt(more)) | BigInt(rest)) << BigInt(10 * declets)) | digits;
}

/** Sixteen packed digits; the last is often a sign. */
function packed64(next: () => number): bigint {
  const high = BigInt(decimalDigits(next));
  const low = BigInt(decimalDigits(next));
  const value = (high << 32n) | low;
  return next() % 2 === 0 ? (value & ~15n) | BigInt(10 + (next() % 6)) : value;
}

/** Doubleword 0 of all VSRs for the decimal styles; pairs make up extended numbers. */
function fillDecimal(view: DataView, next: () => number, style: Style): void {
  for (let n = 0; n < 64; n += 2) {
    const extended = style === 'decimalQuad' ? decimalFloat(next, true) : 0n;
    const one = () => (style === 'packed' ? packed64(next) : decimalFloat(next, false));
    const [first, second] = style === 'decimalQuad' ? [extended >> 64n, extended] : [one(), one()];
    view.setBigUint64(block.vsr + 16 * n + 8, BigInt.asUintN(64, first), true);
    view.setBigUint64(block.vsr + 16 * n + 24, BigInt.asUintN(64, second), true);
  }
  view.setUint32(block.fpscr + 4, next() & 7, true);
}

/** Four words of a vector register, most significant first. */
function vector(next: () => number, style: Style): readonly number[] {
  const words = () => [next(), next(), next(), next()];
  switch (style) {
    case 'double':
      return [...double64(next), ...double64(next)];
    case 'single':
      return [0, 1, 2, 3].map(() => special(next, 8, 23));
    case 'half':
      return [0, 1, 2, 3].map(() => special(next, 5, 10) * 65536 + special(next, 5, 10));
    case 'bfloat':
      return [0, 1, 2, 3].map(() => special(next, 8, 7) * 65536 + special(next, 8, 7));
    case 'quad':
      return next() % 3 === 0
        ? [special(next, 15, 16), 0, 0, next() & 1]
        : [special(next, 15, 16), next(), next(), next()];
    case 'integer':
      return next() % 2 === 0
        ? words().map((word) => edges32[word % edges32.length] ?? 0)
        : [...integer64(next), ...integer64(next)];
    case 'decimal': {
      const signs = [0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 0xc, 0xd];
      const digits = next() % 4 === 0 ? [0, 0, 0, decimalDigits(next)] : [0, 1, 2, 3].map(() => decimalDigits(next));
      digits[3] = (((digits[3] ?? 0) & ~15) | (next() % 30 === 0 ? 5 : (signs[next() % 8] ?? 0))) >>> 0;
      return digits;
    }
    case 'narrow':
      return [...narrow64(next), ...narrow64(next)];
    case 'national': {
      const list = [0, 1, 2, 3].map(() => characters(next, 2, 0x30));
      list[3] = (((list[3] ?? 0) & ~0xffff) | (next() % 20 === 0 ? 0x30 : next() % 2 === 0 ? 0x2b : 0x2d)) >>> 0;
      return list;
    }
    case 'zoned': {
      const zone = next() % 2 === 0 ? 0x30 : 0xf0;
      const list = [0, 1, 2, 3].map(() => characters(next, 1, zone));
      const signs = zone === 0x30 ? [0x30, 0x70, 0x40] : [0xc0, 0xd0, 0xa0, 0xb0, 0xf0, 0xe0, 0x50];
      list[3] = (((list[3] ?? 0) & ~0xf0) | (signs[next() % signs.length] ?? 0)) >>> 0;
      return list;
    }
    default:
      return words();
  }
}

/** FPSCR bits that a state may begin with: exceptions, FPRF, rounding mode. Enabled exceptions would be signals. */
function fpscr(next: () => number): number {
  const rounding = next() & 3;
  const status = next() % 4 === 0 ? next() & 0x1f07_1000 : 0;
  // FX and VX sum up the others.
  const summary = (status & 0x1f00_0000) !== 0 ? 0x8000_0000 : 0;
  const invalid = (status & 0x0100_0000) !== 0 ? 0x2000_0000 : 0;
  return (status | summary | invalid | rounding) >>> 0;
}

/** Fills a block from a seed. The same seed and style give the same state for ever: recorded vectors depend on it. */
export function fillState(state: Uint8Array, seed: number, style: Style): void {
  const view = new DataView(state.buffer, state.byteOffset);
  const next = generator(seed);
  const set64 = (offset: number, [high, low]: readonly [number, number]) => {
    view.setUint32(offset, low, true);
    view.setUint32(offset + 4, high, true);
  };
  state.fill(0);
  for (let n = 0; n < 32; n++) set64(block.gpr + 8 * n, integer64(next));
  for (let n = 0; n < 64; n++) {
    for (const [i, word] of vector(next, style).entries()) view.setUint32(block.vsr + 16 * n + 12 - 4 * i, word, true);
  }
  view.setUint32(block.cr, next(), true);
  // SO, OV, CA, OV32, CA32; the byte count is 0…31.
  view.setUint32(block.xer, (next() & 0xe00c_001f) >>> 0, true);
  set64(block.ctr, next() % 2 === 0 ? [next() & 1, next() & 1] : integer64(next));
  set64(block.lr, [0, next() & ~3]);
  set64(block.tar, [0, next() & ~3]);
  view.setUint32(block.fpscr, style === 'random' || style === 'integer' || style === 'decimal' ? 0 : fpscr(next), true);
  view.setUint32(block.vscr, next() % 8 === 0 ? 1 : 0, true);
  for (let i = 0; i < windowBytes; i += 4) view.setUint32(block.memory + i, next(), true);
  if (style === 'double') for (let i = 0; i < windowBytes; i += 8) set64(block.memory + i, double64(next));
  if (style === 'single')
    for (let i = 0; i < windowBytes; i += 4) view.setUint32(block.memory + i, special(next, 8, 23), true);
  if (/^(decimalFloat|decimalQuad|packed)$/.test(style)) fillDecimal(view, next, style);
  view.setBigUint64(block.gpr + 8 * markRegister, 0n, true);
  view.setBigUint64(block.gpr + 8 * harnessRegister, 0n, true);
}
