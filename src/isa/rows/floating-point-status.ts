// Floating-point status and control register instructions (Power ISA Book I, section 4.6.9).
import type { Builder, Fields, I64 } from '../builder.ts';
import { interruptWhenEnabled, recordCr1 } from '../floating-point-common.ts';
import type { InstructionRow } from '../row.ts';

/** DRN and the control bits VE…RN: what the light-weight reads give. */
const control = 0x7_0000_00ffn;
/** FR, FI and FPRF. */
const status = 0x7_f000n;

/** Reads the control bits, then changes some of them. */
function readAndSet(
  mnemonic: string,
  code: string,
  operands: string,
  mask: bigint,
  value: (b: Builder, f: Fields) => I64,
): InstructionRow {
  return {
    mnemonic,
    pattern: `63:6 FRT:5 ${code} 583:10 /:1`,
    operands,
    since: '3.0',
    facility: 'FP',
    meaning: (b, f) => {
      const old = b.and(b.slot('fpscr'), b.const(control));
      b.call('moveToFpscr', value(b, f), b.const(mask));
      b.setFpr(f.FRT, old);
    },
  };
}

export const floatingPointStatusRows: readonly InstructionRow[] = [
  {
    mnemonic: 'mffsce',
    pattern: '63:6 FRT:5 1:5 /:5 583:10 /:1',
    operands: 'FRT',
    since: '3.0',
    facility: 'FP',
    meaning: (b, f) => {
      const old = b.slot('fpscr');
      b.call('moveToFpscr', b.const(0), b.const(0xf8));
      b.setFpr(f.FRT, old);
    },
  },
  readAndSet('mffscdrn', '20:5 FRB:5', 'FRT,FRB', 7n << 32n, (b, f) => b.fpr(f.FRB)),
  readAndSet('mffscdrni', '21:5 /:2 DRM:3', 'FRT,DRM', 7n << 32n, (b, f) => b.shl(b.imm(f.DRM), b.const(32))),
  readAndSet('mffscrn', '22:5 FRB:5', 'FRT,FRB', 3n, (b, f) => b.fpr(f.FRB)),
  readAndSet('mffscrni', '23:5 /:3 RM:2', 'FRT,RM', 3n, (b, f) => b.imm(f.RM)),
  {
    mnemonic: 'mffsl',
    pattern: '63:6 FRT:5 24:5 /:5 583:10 /:1',
    operands: 'FRT',
    since: '3.0',
    facility: 'FP',
    meaning: (b, f) => b.setFpr(f.FRT, b.and(b.slot('fpscr'), b.const(control | status))),
  },
  {
    // Before 3.0 the bits that tell the forms above apart were ignored, so that they did this.
    mnemonic: 'mffs',
    pattern: '63:6 FRT:5 /:10 583:10 Rc:1',
    operands: 'FRT',
    since: '2.05',
    facility: 'FP',
    hot: true,
    meaning: (b, f) => {
      b.setFpr(f.FRT, b.slot('fpscr'));
      recordCr1(b, f);
    },
  },
  {
    mnemonic: 'mcrfs',
    pattern: '63:6 BF:3 /:2 BFA:3 /:7 64:10 /:1',
    operands: 'BF,BFA',
    since: '2.05',
    facility: 'FP',
    meaning: (b, f) => b.setCrField(f.BF, b.callI32('mcrfs', b.imm32(f.BFA))),
  },
  {
    mnemonic: 'mtfsfi',
    pattern: '63:6 BF:3 /:6 W:1 U:4 /:1 134:10 Rc:1',
    operands: 'BF,U,W',
    since: '2.05',
    facility: 'FP',
    split: ['W'],
    meaning: (b, f) => {
      const shift = b.sub(b.const(b.fixed(f.W) === 1 ? 60 : 28), b.shl(b.imm(f.BF), b.const(2)));
      b.call('moveToFpscr', b.shl(b.imm(f.U), shift), b.shl(b.const(15), shift));
      recordCr1(b, f);
      interruptWhenEnabled(b);
    },
  },
  {
    mnemonic: 'mtfsf',
    pattern: '63:6 L:1 FLM:8 W:1 FRB:5 711:10 Rc:1',
    operands: 'FLM,FRB,L,W',
    since: '2.05',
    facility: 'FP',
    split: ['L', 'W'],
    // W only counts when L = 0.
    canonical: (fixed) => (fixed.L === 1 ? { ...fixed, W: 0 } : fixed),
    meaning: (b, f) => {
      const fields = b.derived('fpscrMask', f.FLM);
      const mask = b.fixed(f.W) === 1 ? b.shl(fields, b.const(32)) : fields;
      b.call('moveToFpscr', b.fpr(f.FRB), b.fixed(f.L) === 1 ? b.const(-1) : mask);
      recordCr1(b, f);
      interruptWhenEnabled(b);
    },
  },
  {
    mnemonic: 'mtfsb0',
    pattern: '63:6 BT:5 /:10 70:10 Rc:1',
    operands: 'BT',
    since: '2.05',
    facility: 'FP',
    meaning: (b, f) => {
      b.call('moveToFpscr', b.const(0), b.shrU(b.const(0x8000_0000n), b.imm(f.BT)));
      recordCr1(b, f);
    },
  },
  {
    mnemonic: 'mtfsb1',
    pattern: '63:6 BT:5 /:10 38:10 Rc:1',
    operands: 'BT',
    since: '2.05',
    facility: 'FP',
    meaning: (b, f) => {
      b.call('mtfsb1', b.imm32(f.BT));
      recordCr1(b, f);
      interruptWhenEnabled(b);
    },
  },
];
