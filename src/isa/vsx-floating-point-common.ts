// Makers of rows of the VSX floating-point forms XX2 and XX3 (Power ISA Book I, section 7.6.1).
import type { Builder, Field, Fields, I32 } from './builder.ts';
import { interruptWhenEnabled, setResult } from './floating-point-common.ts';
import type { FunctionName } from './functions.ts';
import type { InstructionRow } from './row.ts';
import type { IsaVersion } from './version.ts';

/** Encoding of `XT,XA,XB` with an 8-bit extended opcode. */
export function xx3Pattern(xo: number): string {
  return `60:6 T:5 A:5 B:5 ${xo}:8 AX:1 BX:1 TX:1`;
}

/** Encoding of `XT,XB` with a 9-bit extended opcode; `eo` extends it in the place of A, which is reserved without. */
export function xx2Pattern(xo: number, eo?: number): string {
  return `60:6 T:5 ${eo ?? '/'}:5 B:5 ${xo}:9 BX:1 TX:1`;
}

type Meaning = InstructionRow['meaning'];

function vsxRow(
  mnemonic: string,
  pattern: string,
  operands: string,
  since: IsaVersion,
  meaning: Meaning,
): InstructionRow {
  return { mnemonic, pattern, operands, since, facility: 'VSX', meaning };
}

/** Row `mnemonic XT,XA,XB`. */
export function xx3(mnemonic: string, xo: number, since: IsaVersion, meaning: Meaning): InstructionRow {
  return vsxRow(mnemonic, xx3Pattern(xo), 'XT,XA,XB', since, meaning);
}

/** Row `mnemonic XT,XB`. */
export function xx2(mnemonic: string, xo: number, since: IsaVersion, meaning: Meaning, eo?: number): InstructionRow {
  return vsxRow(mnemonic, xx2Pattern(xo, eo), 'XT,XB', since, meaning);
}

/** Meaning: doubleword 0 of XT ← function(old, operands…), then the interrupt. */
export function scalarResult(name: FunctionName, operands: (f: Fields) => readonly Field[]): Meaning {
  return (b, f) => {
    const values = operands(f).map((field) => b.vsrDoubleword(field, 0));
    setResult(b, f.XT, b.callI64(name, b.vsrDoubleword(f.XT, 0), ...values));
  };
}

/** Meaning: a function on references to VSRs, then constants; then the interrupt. */
export function byReference(
  name: FunctionName,
  registers: (f: Fields) => readonly Field[],
  ...constants: readonly number[]
): Meaning {
  return (b, f) => {
    b.call(name, ...registers(f).map((field) => b.vsrRef(field)), ...constants.map((n) => b.const32(n)));
    interruptWhenEnabled(b);
  };
}

/** Row `mnemonic BF,…` whose CR field a function gives. */
export function conditionRow(
  mnemonic: string,
  pattern: string,
  operands: string,
  since: IsaVersion,
  compute: (b: Builder, f: Fields) => I32,
): InstructionRow {
  return vsxRow(mnemonic, pattern, operands, since, (b, f) => {
    b.setCrField(f.BF, compute(b, f));
    interruptWhenEnabled(b);
  });
}

/** Encoding of `BF,XA,XB`. */
export function xx3ConditionPattern(xo: number): string {
  return `60:6 BF:3 /:2 A:5 B:5 ${xo}:8 AX:1 BX:1 /:1`;
}

/** Encoding of `BF,XB`. */
export function xx2ConditionPattern(xo: number): string {
  return `60:6 BF:3 /:2 /:5 B:5 ${xo}:9 BX:1 /:1`;
}
