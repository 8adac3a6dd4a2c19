// Makers of prefixed rows: forms 8LS:D and MLS:D (Power ISA v3.1 Book I, sections 1.6.3 and 1.10.3).
import type { Builder, Fields, I64 } from './builder.ts';
import type { InstructionRow } from './row.ts';

/** Prefix of form 8LS:D (type 0) or MLS:D (type 2): R and the upper 18 bits of the displacement. */
export function displacementPrefix(type: 0 | 2): string {
  return `1:6 ${type}:2 0:1 /:2 R:1 /:2 d0:18`;
}

/** (RA|0) + D, or CIA + D with R = 1; RA other than 0 is an invalid form then, and illegal here. */
export function prefixedAddress(b: Builder, f: Fields): I64 {
  if (b.fixed(f.R) === 0) return b.add(b.gprOr0(f.RA), b.imm(f.D34));
  b.if(b.imm32(f.RA), () => b.program('illegal'));
  return b.add(b.cia(), b.imm(f.D34));
}

/** A prefixed load or store: its type, the register's bits of the suffix before RA, and the operand's name. */
export interface PrefixedAccess {
  readonly type: 0 | 2;
  /** Pattern of bits 0:10 of the suffix, such as `57:6 RT:5`. */
  readonly head: string;
  readonly register: string;
  readonly facility?: InstructionRow['facility'];
  readonly facilityByField?: InstructionRow['facilityByField'];
}

/** Row `mnemonic register,D(RA),R`. */
export function prefixedAccess(
  mnemonic: string,
  { type, head, register, facility, facilityByField }: PrefixedAccess,
  meaning: InstructionRow['meaning'],
): InstructionRow {
  return {
    mnemonic,
    prefix: displacementPrefix(type),
    pattern: `${head} RA:5 d1:16`,
    operands: `${register},D34(RA),R`,
    since: '3.1',
    ...(facility ? { facility } : {}),
    ...(facilityByField ? { facilityByField } : {}),
    split: ['R'],
    meaning,
  };
}
