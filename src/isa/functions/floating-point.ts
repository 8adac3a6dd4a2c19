// Data-plane functions of the floating-point instructions (Power ISA Book I, chapters 4 and 7). Each has the name of
// the instruction. A function with a result takes the target's old value first and returns it when an enabled exception
// keeps the target; it reads and writes FPSCR in the state block and never raises: the meaning looks at FPSCR[FEX].
import type { FunctionSignature } from '../function-signature.ts';

const unary = { params: ['i64', 'i64'], result: 'i64' } as const satisfies FunctionSignature;
const binary = { params: ['i64', 'i64', 'i64'], result: 'i64' } as const satisfies FunctionSignature;
/** Old target, factor, factor, addend. */
const fused = { params: ['i64', 'i64', 'i64', 'i64'], result: 'i64' } as const satisfies FunctionSignature;
const compare = { params: ['i64', 'i64'], result: 'i32' } as const satisfies FunctionSignature;

/** Target and operands as references to VSRs; the function writes the target unless an exception keeps it. */
const vectorUnary = { params: ['i32', 'i32'], byReference: true } as const satisfies FunctionSignature;
const vectorBinary = { params: ['i32', 'i32', 'i32'], byReference: true } as const satisfies FunctionSignature;
/** Target, factor, factor, addend; then the variant: 1 = minus the addend, 2 = the negative of the result, 3 = both. */
const vectorFused = {
  params: ['i32', 'i32', 'i32', 'i32', 'i32'],
  byReference: true,
} as const satisfies FunctionSignature;
/** As a binary one, and gives CR6. */
const vectorCompare = {
  params: ['i32', 'i32', 'i32'],
  result: 'i32',
  byReference: true,
} as const satisfies FunctionSignature;

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
  xscvdpsxws: unary,
  xscvdpuxws: unary,
  xscvdpsp: unary,
  xscvspdp: unary,
  xscvhpdp: unary,
  xscvdphp: unary,
  xsmaxdp: binary,
  xsmindp: binary,
  xsmaxcdp: binary,
  xsmincdp: binary,
  xsmaxjdp: binary,
  xsminjdp: binary,
  xscmpeqdp: binary,
  xscmpgtdp: binary,
  xscmpgedp: binary,
  xscmpexpdp: compare,
  /** Value and DCMX. */
  xststdcdp: { params: ['i64', 'i32'], result: 'i32' },
  xststdcsp: { params: ['i64', 'i32'], result: 'i32' },
  xvadddp: vectorBinary,
  xvsubdp: vectorBinary,
  xvmuldp: vectorBinary,
  xvdivdp: vectorBinary,
  xvaddsp: vectorBinary,
  xvsubsp: vectorBinary,
  xvmulsp: vectorBinary,
  xvdivsp: vectorBinary,
  xvmaxdp: vectorBinary,
  xvmindp: vectorBinary,
  xvmaxsp: vectorBinary,
  xvminsp: vectorBinary,
  xvsqrtdp: vectorUnary,
  xvsqrtsp: vectorUnary,
  xvredp: vectorUnary,
  xvresp: vectorUnary,
  xvrsqrtedp: vectorUnary,
  xvrsqrtesp: vectorUnary,
  xvrdpi: vectorUnary,
  xvrdpic: vectorUnary,
  xvrdpim: vectorUnary,
  xvrdpip: vectorUnary,
  xvrdpiz: vectorUnary,
  xvrspi: vectorUnary,
  xvrspic: vectorUnary,
  xvrspim: vectorUnary,
  xvrspip: vectorUnary,
  xvrspiz: vectorUnary,
  xvcvdpsxds: vectorUnary,
  xvcvdpuxds: vectorUnary,
  xvcvdpsxws: vectorUnary,
  xvcvdpuxws: vectorUnary,
  xvcvspsxds: vectorUnary,
  xvcvspuxds: vectorUnary,
  xvcvspsxws: vectorUnary,
  xvcvspuxws: vectorUnary,
  xvcvsxddp: vectorUnary,
  xvcvuxddp: vectorUnary,
  xvcvsxwdp: vectorUnary,
  xvcvuxwdp: vectorUnary,
  xvcvsxdsp: vectorUnary,
  xvcvuxdsp: vectorUnary,
  xvcvsxwsp: vectorUnary,
  xvcvuxwsp: vectorUnary,
  xvcvdpsp: vectorUnary,
  xvcvspdp: vectorUnary,
  xvcvhpsp: vectorUnary,
  xvcvsphp: vectorUnary,
  xvmadddp: vectorFused,
  xvmaddsp: vectorFused,
  xvcmpeqdp: vectorCompare,
  xvcmpgtdp: vectorCompare,
  xvcmpgedp: vectorCompare,
  xvcmpeqsp: vectorCompare,
  xvcmpgtsp: vectorCompare,
  xvcmpgesp: vectorCompare,
  xvtdivdp: { params: ['i32', 'i32'], result: 'i32', byReference: true },
  xvtdivsp: { params: ['i32', 'i32'], result: 'i32', byReference: true },
  xvtsqrtdp: { params: ['i32'], result: 'i32', byReference: true },
  xvtsqrtsp: { params: ['i32'], result: 'i32', byReference: true },
  /** Target, operand, DCMX. */
  xvtstdcdp: vectorBinary,
  xvtstdcsp: vectorBinary,
  /** Target and operands, then subtract, then round-to-odd. */
  xsaddqp: { params: ['i32', 'i32', 'i32', 'i32', 'i32'], byReference: true },
  /** Target and operands, then round-to-odd. */
  xsmulqp: { params: ['i32', 'i32', 'i32', 'i32'], byReference: true },
  xsdivqp: { params: ['i32', 'i32', 'i32', 'i32'], byReference: true },
  xssqrtqp: { params: ['i32', 'i32', 'i32'], byReference: true },
  xscvqpdp: { params: ['i32', 'i32', 'i32'], byReference: true },
  /** As a vector's, then round-to-odd. */
  xsmaddqp: { params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], byReference: true },
  xscvdpqp: vectorUnary,
  xscvqpsdz: vectorUnary,
  xscvqpudz: vectorUnary,
  xscvqpswz: vectorUnary,
  xscvqpuwz: vectorUnary,
  xscvsdqp: vectorUnary,
  xscvudqp: vectorUnary,
  /** Target and operands, then the orders that hold: LT=8, GT=4, EQ=2. */
  xscmpqpMask: { params: ['i32', 'i32', 'i32', 'i32'], byReference: true },
  /** Target and operands, then the order in which the first is taken. */
  xsextremecqp: { params: ['i32', 'i32', 'i32', 'i32'], byReference: true },
  /** Target and operand, then signed. */
  xscvqpToQuadword: { params: ['i32', 'i32', 'i32'], byReference: true },
  xscvQuadwordToQp: { params: ['i32', 'i32', 'i32'], byReference: true },
  xvcvspbf16: vectorUnary,
  /** Target, operand, R, RMC, inexact reported. */
  xsrqpi: { params: ['i32', 'i32', 'i32', 'i32', 'i32'], byReference: true },
  xsrqpxp: { params: ['i32', 'i32', 'i32', 'i32'], byReference: true },
  /** Operands, then ordered. */
  xscmpqp: { params: ['i32', 'i32', 'i32'], result: 'i32', byReference: true },
  xscmpexpqp: { params: ['i32', 'i32'], result: 'i32', byReference: true },
  xststdcqp: { params: ['i32', 'i32'], result: 'i32', byReference: true },
  /** Value and mask of the bits that change. */
  moveToFpscr: { params: ['i64', 'i64'] },
  /** Bit number 0…31 in the low word, counted from the left. */
  mtfsb1: { params: ['i32'] },
  /** Field number 0…7 of the low word. */
  mcrfs: { params: ['i32'], result: 'i32' },
  /** Raises the program interrupt of an enabled exception when FPSCR[FEX] = 1 and MSR[FE0] or MSR[FE1] asks for it. */
  floatingPointEnabled: { params: [], raises: true },
} as const satisfies Record<string, FunctionSignature>;
