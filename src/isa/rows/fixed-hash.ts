// Hash store and hash check, which protect return addresses (Power ISA v3.1B Book I, section 3.3.17; Book III, section
// 5.4.6). Where DEXCR does not enforce their aspect they do nothing.
import type { Builder, Fields } from '../builder.ts';
import type { InstructionRow } from '../row.ts';

/** Aspects of DEXCR: non-privileged and privileged hash instruction enable. */
const [nonPrivileged, privileged] = [5, 6];

function row(mnemonic: string, code: number, privilege: 'problem' | 'supervisor', isStore: boolean): InstructionRow {
  const supervisor = privilege === 'supervisor';
  const act = (b: Builder, f: Fields): void => {
    const ea = b.add(b.gprOr0(f.RA), b.imm(f.HD));
    const digest = b.callI64('hashDigest', b.gpr(f.RA), b.gpr(f.RB), b.const32(supervisor ? 1 : 0));
    if (isStore) b.store(8, ea, digest);
    else b.trapIf(b.ne(b.load(8, ea), digest));
  };
  return {
    mnemonic,
    pattern: `31:6 DW:5 RA:5 RB:5 ${code}:10 DX:1`,
    operands: 'RB,HD(RA)',
    since: '3.1',
    ...(supervisor ? { privilege } : {}),
    meaning: (b, f) =>
      b.if(b.callI32('aspectEnforced', b.const32(supervisor ? privileged : nonPrivileged)), () => act(b, f)),
  };
}

export const fixedHashRows: readonly InstructionRow[] = [
  row('hashst', 722, 'problem', true),
  row('hashchk', 754, 'problem', false),
  row('hashstp', 658, 'supervisor', true),
  row('hashchkp', 690, 'supervisor', false),
  {
    // Eight extended opcodes that do nothing until an edition gives them a meaning that old CPUs may pass over; the hash
    // instructions took four (Power ISA v3.0B Book I, section 1.8.3 "Reserved-nop instructions").
    mnemonic: 'rnop',
    pattern: '31:6 /:15 2:2 /:3 18:5 /:1',
    operands: '',
    since: '2.05',
    meaning: () => {},
  },
];
