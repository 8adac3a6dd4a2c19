// Instructions of the hypervisor that a guest may not execute, and the branch history rolling buffer (Power ISA Book III
// sections 5.4.1 and 12.2, Book I section 2.7 of the editions that have it).
import type { InstructionRow } from '../row.ts';
import type { IsaVersion } from '../version.ts';

function hypervisor(
  mnemonic: string,
  fields: string,
  code: number,
  operands: string,
  since: IsaVersion,
): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 ${fields} ${code}:10 /:1`,
    operands,
    since,
    privilege: 'hypervisor',
    meaning: (b) => b.program('privileged'),
  };
}

const cacheInhibitedLoads = { lwzcix: 789, lhzcix: 821, lbzcix: 853, ldcix: 885 };
const cacheInhibitedStores = { stwcix: 917, sthcix: 949, stbcix: 981, stdcix: 1013 };

export const hypervisorRows: readonly InstructionRow[] = [
  ...Object.entries(cacheInhibitedLoads).map(([name, code]) => {
    return hypervisor(name, 'RT:5 RA:5 RB:5', code, 'RT,RA,RB', '2.05');
  }),
  ...Object.entries(cacheInhibitedStores).map(([name, code]) => {
    return hypervisor(name, 'RS:5 RA:5 RB:5', code, 'RS,RA,RB', '2.05');
  }),
  hypervisor('msgsndu', '/:10 RB:5', 78, 'RB', '3.0'),
  hypervisor('msgclru', '/:10 RB:5', 110, 'RB', '3.0'),
  hypervisor('rmieg', '/:10 RB:5', 882, 'RB', '3.0'),
  {
    // The buffer is always empty: an entry of zeros ends it.
    mnemonic: 'mfbhrbe',
    pattern: '31:6 RT:5 BHRBE:10 302:10 /:1',
    operands: 'RT,BHRBE',
    since: '2.07',
    meaning: (b, f) => b.setGpr(f.RT, b.const(0)),
  },
  { mnemonic: 'clrbhrb', pattern: '31:6 /:15 430:10 /:1', operands: '', since: '2.07', meaning: () => {} },
];
