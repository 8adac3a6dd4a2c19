// Prefixed fixed-point loads, stores and add immediate, and prefixed no-operation (Power ISA v3.1 Book I, sections 3.3.2
// to 3.3.4, 3.3.9 and 3.3.21).
import type { AccessSize, Builder, Fields } from '../builder.ts';
import { prefixedAccess, prefixedAddress } from '../prefixed-common.ts';
import type { InstructionRow } from '../row.ts';

/** Form 8LS:D is type 0, MLS:D (a D-form instruction with a longer displacement) type 2. */
interface Place {
  readonly type: 0 | 2;
  readonly code: number;
}

function load(mnemonic: string, size: AccessSize, { type, code }: Place, signed = false): InstructionRow {
  const access = { type, head: `${code}:6 RT:5`, register: 'RT' };
  return prefixedAccess(mnemonic, access, (b, f) => b.setGpr(f.RT, b.load(size, prefixedAddress(b, f), { signed })));
}

function store(mnemonic: string, size: AccessSize, { type, code }: Place): InstructionRow {
  const access = { type, head: `${code}:6 RS:5`, register: 'RS' };
  return prefixedAccess(mnemonic, access, (b, f) => b.store(size, prefixedAddress(b, f), b.gpr(f.RS)));
}

/** RT ← (RA|0) + SI, or CIA + SI with R = 1. */
function addImmediate(b: Builder, f: Fields): void {
  if (b.fixed(f.R) === 0) {
    b.setGpr(f.RT, b.add(b.gprOr0(f.RA), b.imm(f.SI34)));
    return;
  }
  b.if(b.imm32(f.RA), () => b.program('illegal'));
  b.setGpr(f.RT, b.add(b.cia(), b.imm(f.SI34)));
}

export const fixedPrefixedRows: readonly InstructionRow[] = [
  load('plbz', 1, { type: 2, code: 34 }),
  load('plhz', 2, { type: 2, code: 40 }),
  load('plha', 2, { type: 2, code: 42 }, true),
  load('plwz', 4, { type: 2, code: 32 }),
  load('plwa', 4, { type: 0, code: 41 }, true),
  load('pld', 8, { type: 0, code: 57 }),
  store('pstb', 1, { type: 2, code: 38 }),
  store('psth', 2, { type: 2, code: 44 }),
  store('pstw', 4, { type: 2, code: 36 }),
  store('pstd', 8, { type: 0, code: 61 }),
  // The even register's doubleword is first in storage in either byte order, other than with lq and stq.
  prefixedAccess('plq', { type: 0, head: '56:6 RTp:5', register: 'RTp' }, (b, f) => {
    const ea = prefixedAddress(b, f);
    const first = b.load(8, ea);
    const second = b.load(8, b.add(ea, b.const(8)));
    b.setGprAt(f.RTp, 0, first);
    b.setGprAt(f.RTp, 1, second);
  }),
  prefixedAccess('pstq', { type: 0, head: '60:6 RSp:5', register: 'RSp' }, (b, f) => {
    const ea = prefixedAddress(b, f);
    b.store(8, ea, b.gprAt(f.RSp, 0));
    b.store(8, b.add(ea, b.const(8)), b.gprAt(f.RSp, 1));
  }),
  {
    mnemonic: 'paddi',
    prefix: '1:6 2:2 0:1 /:2 R:1 /:2 si0:18',
    pattern: '14:6 RT:5 RA:5 si1:16',
    operands: 'RT,RA,SI34,R',
    since: '3.1',
    split: ['R'],
    meaning: addImmediate,
  },
  {
    // Suffixes that are branches or synchronise context are invalid forms; any other does nothing.
    mnemonic: 'pnop',
    prefix: '1:6 3:2 0:4 /:20',
    pattern: '/:32',
    operands: '',
    since: '3.1',
    meaning: () => {},
  },
];
