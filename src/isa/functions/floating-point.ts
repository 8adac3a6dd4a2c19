// Data-plane functions of the floating-point instructions (Power ISA Book I, chapters 4 and 7). Each has the name of
// the instruction. A function with a result takes the target's old value first and returns it when an enabled exception
// keeps the target; it reads and writes FPSCR in the state block and never raises: the meaning looks at FPSCR[FEX].
import type { FunctionSignature } from '../function-signature.ts';

const unary = { params: ['i64', 'i64'], result: 'i64' } as const satisfies FunctionSignature;
const binary = { params: ['i64', 'i64', 'i64'], result: 'i64' } as const satisfies FunctionSignature;
/** Old target, factor, factor, addend. */
const fused = { params: ['i64', 'i64', 'i64', 'i64'], result: 'i64' } as const satisfies FunctionSignature;
const compare = { params: ['i64', 'i64'], result: 'i32' } as const satisfies FunctionSignature;

/** Signatures by name. */
export const floatingPointFunctions = {
  fadd: binary,
  fadds: binary,
  fsub: binary,
  fsubs: binary,
  fmul: binary,
  fmuls: binary,
  fdiv: binary,
  fdivs: binary,
  fsqrt: unary,
  fsqrts: unary,
  fre: unary,
  fres: unary,
  frsqrte: unary,
  frsqrtes: unary,
  fmadd: fused,
  fmadds: fused,
  fmsub: fused,
  fmsubs: fused,
  fnmadd: fused,
  fnmadds: fused,
  fnmsub: fused,
  fnmsubs: fused,
  frsp: unary,
  fctid: unary,
  fctidz: unary,
  fctidu: unary,
  fctiduz: unary,
  fctiw: unary,
  fctiwz: unary,
  fctiwu: unary,
  fctiwuz: unary,
  fcfid: unary,
  fcfids: unary,
  fcfidu: unary,
  fcfidus: unary,
  frin: unary,
  friz: unary,
  frip: unary,
  frim: unary,
  xsrdpic: unary,
  fcmpu: compare,
  fcmpo: compare,
  ftdiv: compare,
  ftsqrt: { params: ['i64'], result: 'i32' },
  /** Value and mask of the bits that change. */
  moveToFpscr: { params: ['i64', 'i64'] },
  /** Bit number 0…31 in the low word, counted from the left. */
  mtfsb1: { params: ['i32'] },
  /** Field number 0…7 of the low word. */
  mcrfs: { params: ['i32'], result: 'i32' },
  /** Raises the program interrupt of an enabled exception when FPSCR[FEX] = 1 and MSR[FE0] or MSR[FE1] asks for it. */
  floatingPointEnabled: { params: [], raises: true },
} as const satisfies Record<string, FunctionSignature>;
