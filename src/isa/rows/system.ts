// System calls and returns, moves to and from system registers (Power ISA Book I section 3.3.17, Book II section 6.1,
// Book III sections 4.3 and 4.4.4).
import type { Builder, Fields, I64 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import { classOfSpr, sprClass } from '../spr-table.ts';

/** Fixed SPR field → its class, see `spr-table.ts`. */
const canonicalSpr = (fixed: Readonly<Record<string, number>>) => ({ spr: classOfSpr(fixed.spr ?? 0) });

/** Raises the privileged program interrupt in problem state. */
function privileged(b: Builder): void {
  b.if(b.op('i32.and', b.wrap(b.slot('msr')), b.const32(0x4000)), () => b.program('privileged'));
}

function readXer(b: Builder): I64 {
  const bit = (slot: 'so' | 'ov' | 'ca' | 'ov32' | 'ca32', position: number) => b.shl(b.slot(slot), b.const(position));
  const all = b.or(
    b.or(b.or(bit('so', 31), bit('ov', 30)), bit('ca', 29)),
    b.or(b.or(bit('ov32', 19), bit('ca32', 18)), b.slot('xerLow')),
  );
  return b.and(all, b.not(b.slot('xerHidden')));
}

function writeXer(b: Builder, value: I64): void {
  const bit = (position: number) => b.and(b.shrU(value, b.const(position)), b.const(1));
  b.setSlot('so', bit(31));
  b.setSlot('ov', bit(30));
  b.setSlot('ca', bit(29));
  b.setSlot('ov32', bit(19));
  b.setSlot('ca32', bit(18));
  b.setSlot('xerLow', b.and(value, b.const(0x7f)));
}

/** What mfspr puts into RT. */
function sprValue(b: Builder, f: Fields): I64 {
  switch (b.fixed(f.spr)) {
    case 1:
      return readXer(b);
    case 8:
      return b.slot('lr');
    case 9:
      return b.slot('ctr');
    case 256:
      return b.slot('vrsave');
    case sprClass.plainSupervisor:
      privileged(b);
      return b.sprAt(f.spr);
    case sprClass.plainProblem:
      return b.sprAt(f.spr);
    default:
      return b.callI64('moveFromSpr', b.imm32(f.spr), b.gpr(f.RT));
  }
}

function moveTo(b: Builder, f: Fields): void {
  const value = b.gpr(f.RS);
  switch (b.fixed(f.spr)) {
    case 1:
      writeXer(b, value);
      break;
    case 8:
      b.setSlot('lr', value);
      break;
    case 9:
      b.setSlot('ctr', value);
      break;
    case 256:
      b.setSlot('vrsave', b.ext32u(value));
      break;
    case sprClass.plainSupervisor:
      privileged(b);
      b.setSprAt(f.spr, value);
      break;
    case sprClass.plainProblem:
      b.setSprAt(f.spr, value);
      break;
    default:
      b.call('moveToSpr', b.imm32(f.spr), value);
      // Facilities, translation and waiting interrupts may differ from here on.
      b.synchronise();
  }
}

/** mtmsr and mtmsrd: form as in `moveToMsr`. */
function moveToMsr(b: Builder, f: Fields, form: number): void {
  b.setSlot('nip', b.nia());
  b.call('moveToMsr', b.gpr(f.RS), b.const32(form + b.fixed(f.L)));
  b.resumeAtNip();
}

/** Failure code of tabort. and treclaim.: the low byte of RA, 0 without RA. */
function failureCode(b: Builder, f: Fields): I64 {
  // Not (RA|0): the assembler writes r0 here.
  return b.select(b.imm32(f.RA), b.and(b.gpr(f.RA), b.const(0xff)), b.const(0));
}

/** Transactional memory: removed with edition 3.1. */
const transactionRows = (
  [
    ['tbegin.', '31:6 /:4 R:1 /:10 654:10 1:1', 'R', (b, f) => b.call('transactionBegin', b.imm32(f.R))],
    ['tend.', '31:6 A:1 /:14 686:10 1:1', 'A', (b) => b.call('transactionEnd')],
    ['tcheck', '31:6 BF:3 /:12 718:10 /:1', 'BF', (b, f) => b.call('transactionCheck', b.imm32(f.BF))],
    ['tsr.', '31:6 /:4 L:1 /:10 750:10 1:1', 'L', (b, f) => b.call('transactionSuspendOrResume', b.imm32(f.L))],
    [
      'tabortwc.',
      '31:6 TO:5 RA:5 RB:5 782:10 1:1',
      'TO,RA,RB',
      (b, f) => abortIf(b, f, b.ext32s(b.gpr(f.RA)), b.ext32s(b.gpr(f.RB))),
    ],
    ['tabortdc.', '31:6 TO:5 RA:5 RB:5 814:10 1:1', 'TO,RA,RB', (b, f) => abortIf(b, f, b.gpr(f.RA), b.gpr(f.RB))],
    [
      'tabortwci.',
      '31:6 TO:5 RA:5 SI:5 846:10 1:1',
      'TO,RA,SI',
      (b, f) => abortIf(b, f, b.ext32s(b.gpr(f.RA)), b.imm(f.SI)),
    ],
    ['tabortdci.', '31:6 TO:5 RA:5 SI:5 878:10 1:1', 'TO,RA,SI', (b, f) => abortIf(b, f, b.gpr(f.RA), b.imm(f.SI))],
    ['tabort.', '31:6 /:5 RA:5 /:5 910:10 1:1', 'RA', (b, f) => b.call('transactionAbort', failureCode(b, f))],
    ['treclaim.', '31:6 /:5 RA:5 /:5 942:10 1:1', 'RA', (b, f) => b.call('transactionReclaim', failureCode(b, f))],
    ['trechkpt.', '31:6 /:15 1006:10 1:1', '', (b) => b.call('transactionRecheckpoint')],
  ] as readonly (readonly [string, string, string, (b: Builder, f: Fields) => void])[]
).map(
  ([mnemonic, pattern, operands, act]): InstructionRow => ({
    mnemonic,
    pattern,
    operands,
    since: '2.07',
    until: '3.0',
    facility: 'TM',
    ...((mnemonic === 'treclaim.' || mnemonic === 'trechkpt.') && { privilege: 'supervisor' as const }),
    endsBlock: true,
    meaning: (b, f) => {
      b.setSlot('nip', b.cia());
      act(b, f);
      b.resumeAtNip();
    },
  }),
);

function abortIf(b: Builder, f: Fields, x: I64, y: I64): void {
  b.call('transactionAbortConditionally', b.imm32(f.TO), x, y);
}

export const systemRows: readonly InstructionRow[] = [
  {
    mnemonic: 'sc',
    pattern: '17:6 /:14 LEV:7 /:3 1:1 /:1',
    operands: 'LEV',
    since: '2.05',
    // LEV 1 is a hypercall; LEV 2 is one, too, where there is no ultravisor. The upper bits are ignored.
    split: ['LEV'],
    canonical: (fixed) => ({ LEV: ((fixed.LEV ?? 0) & 3) === 0 ? 0 : 1 }),
    endsBlock: true,
    meaning: (b, f) => {
      if (b.fixed(f.LEV) === 1) b.leave('hypercall');
      else b.call('systemCall', b.const32(0));
    },
  },
  {
    mnemonic: 'scv',
    pattern: '17:6 /:14 LEV:7 /:3 0:1 1:1',
    operands: 'LEV',
    since: '3.0',
    endsBlock: true,
    meaning: (b, f) => {
      b.setSlot('nip', b.cia());
      b.call('systemCallVectored', b.imm32(f.LEV));
      b.resumeAtNip();
    },
  },
  {
    mnemonic: 'rfid',
    pattern: '19:6 /:15 18:10 /:1',
    operands: '',
    since: '2.05',
    privilege: 'supervisor',
    endsBlock: true,
    meaning: (b) => {
      b.setSlot('nip', b.cia());
      b.call('returnFromInterrupt');
      b.resumeAtNip();
    },
  },
  {
    mnemonic: 'rfscv',
    pattern: '19:6 /:15 82:10 /:1',
    operands: '',
    since: '3.0',
    privilege: 'supervisor',
    endsBlock: true,
    meaning: (b) => {
      b.setSlot('nip', b.cia());
      b.call('returnFromScv');
      b.resumeAtNip();
    },
  },
  {
    mnemonic: 'rfebb',
    pattern: '19:6 /:14 S:1 146:10 /:1',
    operands: 'S',
    since: '2.07',
    facility: 'EBB',
    split: ['S'],
    endsBlock: true,
    meaning: (b, f) => {
      // BESCR[GE] ← S through BESCRS (800) or BESCRR (802); NIA ← EBBRR (805).
      b.call('moveToSpr', b.const32(b.fixed(f.S) === 1 ? 800 : 802), b.const(1n << 63n));
      b.branchTo(b.callI64('moveFromSpr', b.const32(805), b.const(0)), 'count');
    },
  },
  ...(
    [
      ['hrfid', 274, undefined],
      ['urfid', 306, undefined],
      ['stop', 370, undefined],
      ['doze', 402, '2.07'],
      ['nap', 434, '2.07'],
      ['sleep', 466, '2.07'],
      ['rvwinkle', 498, '2.07'],
    ] as const
  ).map(
    ([mnemonic, opcode, until]): InstructionRow => ({
      mnemonic,
      pattern: `19:6 /:15 ${opcode}:10 /:1`,
      operands: '',
      since: mnemonic === 'stop' || mnemonic === 'urfid' ? '3.0' : '2.05',
      ...(until && { until }),
      privilege: 'hypervisor',
      endsBlock: true,
      meaning: (b) => b.program('privileged'),
    }),
  ),
  {
    mnemonic: 'mtmsr',
    pattern: '31:6 RS:5 /:4 L:1 /:5 146:10 /:1',
    operands: 'RS,L',
    since: '2.05',
    privilege: 'supervisor',
    split: ['L'],
    endsBlock: true,
    meaning: (b, f) => moveToMsr(b, f, 2),
  },
  {
    mnemonic: 'mtmsrd',
    pattern: '31:6 RS:5 /:4 L:1 /:5 178:10 /:1',
    operands: 'RS,L',
    since: '2.05',
    privilege: 'supervisor',
    split: ['L'],
    endsBlock: true,
    meaning: (b, f) => moveToMsr(b, f, 0),
  },
  {
    mnemonic: 'mfmsr',
    pattern: '31:6 RT:5 /:10 83:10 /:1',
    operands: 'RT',
    since: '2.05',
    privilege: 'supervisor',
    meaning: (b, f) => b.setGpr(f.RT, b.slot('msr')),
  },
  {
    mnemonic: 'mfspr',
    pattern: '31:6 RT:5 sprlo:5 sprhi:5 339:10 /:1',
    operands: 'RT,spr',
    since: '2.05',
    split: ['spr'],
    canonical: canonicalSpr,
    hot: true,
    meaning: (b, f) => b.setGpr(f.RT, sprValue(b, f)),
  },
  {
    mnemonic: 'mtspr',
    pattern: '31:6 RS:5 sprlo:5 sprhi:5 467:10 /:1',
    operands: 'spr,RS',
    since: '2.05',
    split: ['spr'],
    canonical: canonicalSpr,
    hot: true,
    meaning: moveTo,
  },
  {
    mnemonic: 'mftb',
    pattern: '31:6 RT:5 sprlo:5 sprhi:5 371:10 /:1',
    operands: 'RT,spr',
    since: '2.05',
    // As mfspr (Book II, section 6.2.1), so that it also finds the registers that an engine keeps elsewhere.
    split: ['spr'],
    canonical: canonicalSpr,
    meaning: (b, f) => b.setGpr(f.RT, sprValue(b, f)),
  },
  ...(
    [
      ['msgsndp', 142, 'messageSend'],
      ['msgclrp', 174, 'messageClear'],
    ] as const
  ).map(
    ([mnemonic, opcode, name]): InstructionRow => ({
      mnemonic,
      pattern: `31:6 /:10 RB:5 ${opcode}:10 /:1`,
      operands: 'RB',
      since: '2.07',
      privilege: 'supervisor',
      facility: 'MSGP',
      endsBlock: true,
      meaning: (b, f) => {
        b.call(name, b.gpr(f.RB));
        b.synchronise();
      },
    }),
  ),
  ...(
    [
      ['msgsnd', 206, '2.07'],
      ['msgclr', 238, '2.07'],
      ['msgsndu', 78, '3.0'],
      ['msgclru', 110, '3.0'],
      ['rmieg', 882, '3.0'],
    ] as const
  ).map(
    ([mnemonic, opcode, since]): InstructionRow => ({
      mnemonic,
      pattern: `31:6 /:10 RB:5 ${opcode}:10 /:1`,
      operands: 'RB',
      since,
      privilege: 'hypervisor',
      meaning: (b) => b.program('privileged'),
    }),
  ),
  {
    mnemonic: 'msgsync',
    pattern: '31:6 /:15 886:10 /:1',
    operands: '',
    since: '3.0',
    privilege: 'hypervisor',
    meaning: (b) => b.program('privileged'),
  },
  // Caching-inhibited accesses of the hypervisor.
  ...(
    [
      ['lwzcix', 789, 'RT'],
      ['lhzcix', 821, 'RT'],
      ['lbzcix', 853, 'RT'],
      ['ldcix', 885, 'RT'],
      ['stwcix', 917, 'RS'],
      ['sthcix', 949, 'RS'],
      ['stbcix', 981, 'RS'],
      ['stdcix', 1013, 'RS'],
    ] as const
  ).map(
    ([mnemonic, opcode, register]): InstructionRow => ({
      mnemonic,
      pattern: `31:6 ${register}:5 RA:5 RB:5 ${opcode}:10 /:1`,
      operands: `${register},RA,RB`,
      since: '2.05',
      privilege: 'hypervisor',
      meaning: (b) => b.program('privileged'),
    }),
  ),
  // The branch history rolling buffer: nothing is ever recorded, and an entry that is not there reads as 0.
  {
    mnemonic: 'clrbhrb',
    pattern: '31:6 /:15 430:10 /:1',
    operands: '',
    since: '2.07',
    meaning: () => {},
  },
  {
    mnemonic: 'mfbhrbe',
    pattern: '31:6 RT:5 BHRBE:10 302:10 /:1',
    operands: 'RT,BHRBE',
    since: '2.07',
    meaning: (b, f) => b.setGpr(f.RT, b.const(0)),
  },
  ...transactionRows,
];
