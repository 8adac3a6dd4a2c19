// Cache management, storage barriers, SLB and TLB management (Power ISA Book II chapter 4, Book III section 6.9.3).
import type { Builder, Fields, I64 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';

/** Effective address (RA|0) + RB as a function of the data plane takes it. */
function address(b: Builder, f: Fields): I64 {
  const ea = b.add(b.gprOr0(f.RA), b.gpr(f.RB));
  return b.is64 ? ea : b.ext32u(ea);
}

/** Hints and orderings that a machine with one memory and no caches need not do anything for. */
const noOperation = () => {};

export const storageControlRows: readonly InstructionRow[] = [
  {
    mnemonic: 'icbi',
    pattern: '31:6 /:5 RA:5 RB:5 982:10 /:1',
    operands: 'RA,RB',
    since: '2.05',
    meaning: (b, f) => b.call('instructionCacheBlockInvalidate', address(b, f)),
  },
  {
    mnemonic: 'icbt',
    pattern: '31:6 /:1 CT:4 RA:5 RB:5 22:10 /:1',
    operands: 'CT,RA,RB',
    since: '2.07',
    meaning: noOperation,
  },
  {
    mnemonic: 'dcbt',
    pattern: '31:6 TH:5 RA:5 RB:5 278:10 /:1',
    operands: 'RA,RB,TH',
    since: '2.05',
    meaning: noOperation,
  },
  {
    mnemonic: 'dcbtst',
    pattern: '31:6 TH:5 RA:5 RB:5 246:10 /:1',
    operands: 'RA,RB,TH',
    since: '2.05',
    meaning: noOperation,
  },
  {
    mnemonic: 'dcbz',
    pattern: '31:6 /:5 RA:5 RB:5 1014:10 /:1',
    operands: 'RA,RB',
    since: '2.05',
    meaning: (b, f) => b.call('dataCacheBlockZero', address(b, f)),
  },
  {
    mnemonic: 'dcbst',
    pattern: '31:6 /:5 RA:5 RB:5 54:10 /:1',
    operands: 'RA,RB',
    since: '2.05',
    meaning: (b, f) => b.call('dataCacheBlockTouch', address(b, f)),
  },
  {
    mnemonic: 'dcbf',
    pattern: '31:6 /:2 L:3 RA:5 RB:5 86:10 /:1',
    operands: 'RA,RB,L',
    since: '2.05',
    meaning: (b, f) => b.call('dataCacheBlockTouch', address(b, f)),
  },
  {
    mnemonic: 'sync',
    pattern: '31:6 /:2 L:3 /:3 SC:2 /:5 598:10 /:1',
    operands: 'L',
    since: '2.05',
    hot: true,
    meaning: noOperation,
  },
  {
    mnemonic: 'eieio',
    pattern: '31:6 /:15 854:10 /:1',
    operands: '',
    since: '2.05',
    meaning: noOperation,
  },
  // Data stream instructions of VMX (Book II of edition 2.02): later processors accept them and do nothing.
  {
    mnemonic: 'dst',
    pattern: '31:6 0:1 /:2 T2:2 RA:5 RB:5 342:10 /:1',
    operands: 'RA,RB,T2',
    since: '2.05',
    meaning: noOperation,
  },
  {
    mnemonic: 'dstt',
    pattern: '31:6 1:1 /:2 T2:2 RA:5 RB:5 342:10 /:1',
    operands: 'RA,RB,T2',
    since: '2.05',
    meaning: noOperation,
  },
  {
    mnemonic: 'dstst',
    pattern: '31:6 0:1 /:2 T2:2 RA:5 RB:5 374:10 /:1',
    operands: 'RA,RB,T2',
    since: '2.05',
    meaning: noOperation,
  },
  {
    mnemonic: 'dststt',
    pattern: '31:6 1:1 /:2 T2:2 RA:5 RB:5 374:10 /:1',
    operands: 'RA,RB,T2',
    since: '2.05',
    meaning: noOperation,
  },
  {
    mnemonic: 'dss',
    pattern: '31:6 0:1 /:2 T2:2 /:10 822:10 /:1',
    operands: 'T2',
    since: '2.05',
    meaning: noOperation,
  },
  {
    mnemonic: 'dssall',
    pattern: '31:6 1:1 /:14 822:10 /:1',
    operands: '',
    since: '2.05',
    meaning: noOperation,
  },
  {
    mnemonic: 'isync',
    pattern: '19:6 /:15 150:10 /:1',
    operands: '',
    since: '2.05',
    // Nothing is fetched ahead: changed code, and a changed context, count from the next instruction on in any case.
    meaning: noOperation,
  },
  {
    mnemonic: 'wait',
    pattern: '31:6 /:3 WC:2 /:3 PL:2 /:5 30:10 /:1',
    operands: 'WC',
    since: '3.0',
    // It may end at any time for reasons of the implementation.
    meaning: noOperation,
  },
  {
    mnemonic: 'copy',
    pattern: '31:6 /:4 1:1 RA:5 RB:5 774:10 /:1',
    operands: 'RA,RB',
    since: '3.0',
    meaning: (b, f) => b.call('dataCacheBlockTouch', address(b, f)),
  },
  {
    mnemonic: 'paste.',
    pattern: '31:6 /:4 L:1 RA:5 RB:5 902:10 1:1',
    operands: 'RA,RB,L',
    since: '3.0',
    // There is no accelerator that would take the block: CR0 says "not accepted".
    meaning: (b, f) => {
      b.call('dataCacheBlockTouch', address(b, f));
      b.setCrField(0, b.wrap(b.slot('so')));
    },
  },
  {
    mnemonic: 'cpabort',
    pattern: '31:6 /:15 838:10 /:1',
    operands: '',
    since: '3.0',
    meaning: noOperation,
  },
  ...(
    [
      ['tlbie', 306, 0],
      ['tlbiel', 274, 1],
    ] as const
  ).map(
    ([mnemonic, opcode, local]): InstructionRow => ({
      mnemonic,
      pattern: `31:6 RS:5 /:1 RIC:2 PRS:1 R:1 RB:5 ${opcode}:10 /:1`,
      operands: 'RB,RS,RIC,PRS,R',
      since: '2.05',
      privilege: 'supervisor',
      endsBlock: true,
      meaning: (b, f) => {
        const form = b.op(
          'i32.or',
          b.op('i32.shl', b.imm32(f.RIC), b.const32(4)),
          b.op('i32.or', b.op('i32.shl', b.imm32(f.PRS), b.const32(1)), b.imm32(f.R)),
        );
        b.call('tlbInvalidateEntry', b.gpr(f.RS), b.gpr(f.RB), form, b.const32(local));
        b.synchronise();
      },
    }),
  ),
  {
    mnemonic: 'tlbsync',
    pattern: '31:6 /:15 566:10 /:1',
    operands: '',
    since: '2.05',
    privilege: 'supervisor',
    meaning: (b) => b.call('tlbSynchronize'),
  },
  {
    mnemonic: 'slbmte',
    pattern: '31:6 RS:5 /:5 RB:5 402:10 /:1',
    operands: 'RS,RB',
    since: '2.05',
    privilege: 'supervisor',
    endsBlock: true,
    meaning: (b, f) => {
      b.call('slbMoveTo', b.gpr(f.RS), b.gpr(f.RB));
      b.synchronise();
    },
  },
  {
    mnemonic: 'slbie',
    pattern: '31:6 /:10 RB:5 434:10 /:1',
    operands: 'RB',
    since: '2.05',
    privilege: 'supervisor',
    endsBlock: true,
    meaning: (b, f) => {
      b.call('slbInvalidateEntry', b.gpr(f.RB));
      b.synchronise();
    },
  },
  {
    mnemonic: 'slbieg',
    pattern: '31:6 RS:5 /:5 RB:5 466:10 /:1',
    operands: 'RS,RB',
    since: '3.0',
    privilege: 'supervisor',
    endsBlock: true,
    meaning: (b, f) => {
      b.call('slbInvalidateEntry', b.gpr(f.RB));
      b.synchronise();
    },
  },
  {
    mnemonic: 'slbia',
    pattern: '31:6 /:2 IH:3 /:10 498:10 /:1',
    operands: 'IH',
    since: '2.05',
    privilege: 'supervisor',
    endsBlock: true,
    meaning: (b, f) => {
      b.call('slbInvalidateAll', b.imm32(f.IH));
      b.synchronise();
    },
  },
  {
    // For lookaside buffers of accelerators, of which there are none.
    mnemonic: 'slbiag',
    pattern: '31:6 RS:5 /:10 850:10 /:1',
    operands: 'RS',
    since: '3.0',
    privilege: 'supervisor',
    meaning: noOperation,
  },
  {
    mnemonic: 'slbmfev',
    pattern: '31:6 RT:5 /:4 L:1 RB:5 851:10 /:1',
    operands: 'RT,RB,L',
    since: '2.05',
    privilege: 'supervisor',
    meaning: (b, f) => b.setGpr(f.RT, b.callI64('slbMoveFromVsid', b.gpr(f.RB))),
  },
  {
    mnemonic: 'slbmfee',
    pattern: '31:6 RT:5 /:4 L:1 RB:5 915:10 /:1',
    operands: 'RT,RB,L',
    since: '2.05',
    privilege: 'supervisor',
    meaning: (b, f) => b.setGpr(f.RT, b.callI64('slbMoveFromEsid', b.gpr(f.RB))),
  },
  {
    mnemonic: 'slbfee.',
    pattern: '31:6 RT:5 /:5 RB:5 979:10 1:1',
    operands: 'RT,RB',
    since: '2.06',
    privilege: 'supervisor',
    meaning: (b, f) => {
      b.setGpr(f.RT, b.callI64('slbFindEntry', b.gpr(f.RB)));
      const eq = b.op('i32.shl', b.callI32('slbFound'), b.const32(1));
      b.setCrField(0, b.op('i32.or', eq, b.wrap(b.slot('so'))));
    },
  },
  {
    mnemonic: 'slbsync',
    pattern: '31:6 /:15 338:10 /:1',
    operands: '',
    since: '3.0',
    privilege: 'supervisor',
    meaning: noOperation,
  },
];
