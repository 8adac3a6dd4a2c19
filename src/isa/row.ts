// One row of the instruction table: the only description of an instruction (encoding, operands, edition, meaning).
import type { Builder, Fields } from './builder.ts';
import type { FieldName } from './field.ts';
import type { IsaVersion } from './version.ts';

/** The facility that an instruction needs; which MSR, FSCR or HFSCR bit enables it is in the facility table of `cpu/`. */
export type Facility = 'FP' | 'VEC' | 'VSX' | 'DFP' | 'TM' | 'TAR' | 'EBB' | 'DSCR' | 'SCV' | 'MSGP' | 'PREFIX';

/** A facility chosen by a one-bit field: the first where it is 0, the second where it is 1. */
export interface FacilityByField {
  readonly field: FieldName;
  readonly facilities: readonly [Facility, Facility];
}

/** Who may execute it: problem state (default), supervisor (MSR[PR]=0), hypervisor (MSR[HV]=1). */
export type Privilege = 'problem' | 'supervisor' | 'hypervisor';

/** One instruction of the Power ISA. */
export interface InstructionRow {
  /**
   * Base mnemonic without suffixes. The suffixes follow from fields of the pattern that are set:
   * `OE` → `o`, `LK` → `l`, `AA` → `a`, `Rc` → `.` (in that order).
   */
  readonly mnemonic: string;
  /** Encoding, see `parsePattern`. */
  readonly pattern: string;
  /** Encoding of the prefix, for an instruction of eight bytes; `pattern` is that of its suffix then (section 1.6.3). */
  readonly prefix?: string;
  /** Operands as the assembler writes them: `RT,RA,RB`, `RT,D(RA)`, `` for none. */
  readonly operands: string;
  /** Edition that brought it. */
  readonly since: IsaVersion;
  /** Last edition that has it, where it was removed. */
  readonly until?: IsaVersion;
  readonly facility?: Facility;
  /** A facility that it needs besides, looked at after the other. */
  readonly secondFacility?: Facility;
  /**
   * Where the facility depends on the register: the facility for each value of a one-bit field (TX or SX), in place of
   * `facility` (Power ISA 3.0 Book I, section 7.6: VSR 32…63 need MSR[VEC]).
   */
  readonly facilityByField?: FacilityByField;
  readonly privilege?: Privilege;
  /** Further fields whose value is known when the meaning is run (variants); `OE`, `Rc`, `LK`, `AA` always are. */
  readonly split?: readonly FieldName[];
  /** Maps the values of the split fields to a canonical choice, so that equal variants share one handler. */
  readonly canonical?: (fixed: Readonly<Record<string, number>>) => Readonly<Record<string, number>>;
  /** Executed often enough to be placed inside the interpreter's main function. */
  readonly hot?: boolean;
  /** Ends a straight run of code: branches, system calls, context-changing instructions. */
  readonly endsBlock?: boolean;
  /** The meaning, as calls on a builder. */
  readonly meaning: (b: Builder, f: Fields) => void;
}
