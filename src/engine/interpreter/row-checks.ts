// The checks that precede a meaning: privilege, and facilities (Book III, section 6.2.11).
import { facilityBit } from '../../cpu/state.ts';
import type { Facility, InstructionRow } from '../../isa/row.ts';
import type { InterpreterBuilder } from './interpreter-builder.ts';

/** Interrupt cause numbers of FSCR (Book III section 6.2.11) for facilities other than FP, VEC and VSX. */
const facilityCause: Readonly<Partial<Record<Facility, number>>> = {
  DSCR: 2,
  TM: 5,
  EBB: 7,
  TAR: 8,
  MSGP: 10,
  SCV: 12,
  PREFIX: 13,
  DFP: 1,
};
const facilityVector: Readonly<Partial<Record<Facility, number>>> = { FP: 0x800, DFP: 0x800, VEC: 0xf20, VSX: 0xf40 };

const msrPr = 0x4000;

/** Builds with `b` the privilege and facility checks of a row. */
export function buildChecks(b: InterpreterBuilder, row: InstructionRow): void {
  if (row.privilege === 'supervisor') {
    b.if(b.wrap(b.and(b.slot('msr'), b.const(msrPr))), () => b.program('privileged'));
  } else if (row.privilege === 'hypervisor') {
    b.program('privileged');
  }
  if (row.prefix !== undefined) checkFacility(b, 'PREFIX');
  if (row.facility) checkFacility(b, row.facility);
  if (row.secondFacility) checkFacility(b, row.secondFacility);
  if (row.facilityByField) {
    const { field, facilities } = row.facilityByField;
    b.if(
      b.imm32({ name: field }),
      () => checkFacility(b, facilities[1]),
      () => checkFacility(b, facilities[0]),
    );
  }
}

function checkFacility(b: InterpreterBuilder, facility: Facility): void {
  const usable = b.op('i32.and', b.facilities(), b.const32(facilityBit[facility]));
  b.if(b.op('i32.eqz', usable), () => {
    const vector = facilityVector[facility];
    if (vector !== undefined) b.raise(vector, 0);
    else b.facilityUnavailable(facilityCause[facility] ?? 0);
  });
}
