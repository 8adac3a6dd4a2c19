// What the floating-point rows share: record form, suppressed results, the enabled-exception interrupt, and makers of
// rows of the common forms (Power ISA Book I, sections 4.4 and 4.6.1).
import type { Builder, Field, Fields, I32, I64 } from './builder.ts';
import type { FunctionName } from './functions.ts';
import type { InstructionRow } from './row.ts';
import type { IsaVersion } from './version.ts';

/** Nonzero when FPSCR[FEX] = 1. */
export function exceptionEnabled(b: Builder): I32 {
  return b.floatingPointException();
}

/** CR1 ← FPSCR[FX, FEX, VX, OX] when Rc = 1. */
export function recordCr1(b: Builder, f: Fields): void {
  if (b.fixed(f.Rc) === 1) b.setCrField(1, b.wrap(b.and(b.shrU(b.slot('fpscr'), b.const(28)), b.const(15))));
}

/** Interrupt of an enabled exception, after everything else of the instruction. */
export function interruptWhenEnabled(b: Builder): void {
  b.if(exceptionEnabled(b), () => b.call('floatingPointEnabled'));
}

/**
 * Writes a result that may be suppressed. That happens with FPSCR[FEX] = 1 only, so the other path is the short one:
 * there doubleword 1 becomes 0, here it keeps its value as the whole register does.
 */
export function setResult(b: Builder, target: Field, result: I64): void {
  b.if(
    exceptionEnabled(b),
    () => {
      b.setVsr(target, b.replaceLane('i64x2', 1, b.vsr(target), result));
      b.call('floatingPointEnabled');
    },
    () => setScalar(b, target, result),
  );
}

/** Writes doubleword 0 of the VSR that a field (FRT or XT) names; doubleword 1 becomes 0. */
export function setScalar(b: Builder, target: Field, value: I64): void {
  if (target.name.startsWith('FR')) b.setFpr(target, value);
  else b.setVsr(target, b.replaceLane('i64x2', 1, b.constV128(Array.from({ length: 16 }, () => 0)), value));
}

/** Doubleword 0 of the VSR that a field (FR… or X…) names. */
export function scalar(b: Builder, field: Field): I64 {
  return field.name.startsWith('FR') ? b.fpr(field) : b.vsrDoubleword(field, 0);
}

/** A row's edition and frequency, where they are not the usual ones. */
export interface Extra {
  readonly since?: IsaVersion;
  readonly hot?: boolean;
}

function common(extra: Extra): Pick<InstructionRow, 'since' | 'facility' | 'hot'> {
  return { since: extra.since ?? '2.05', facility: 'FP', hot: extra.hot ?? false };
}

/** Meaning: FRT ← function(old FRT, operands…), CR1, interrupt. */
function computed(name: FunctionName, operands: (f: Fields) => readonly Field[]): InstructionRow['meaning'] {
  return (b, f) => {
    const values = operands(f).map((field) => b.fpr(field));
    const result = b.callI64(name, b.fpr(f.FRT), ...values);
    recordCr1(b, f);
    setResult(b, f.FRT, result);
  };
}

/** A-form row `mnemonic FRT,FRA,FRB`. */
export function aForm(primary: number, xo: number, name: FunctionName, extra: Extra = {}): InstructionRow {
  return {
    mnemonic: name,
    pattern: `${primary}:6 FRT:5 FRA:5 FRB:5 /:5 ${xo}:5 Rc:1`,
    operands: 'FRT,FRA,FRB',
    ...common(extra),
    meaning: computed(name, (f) => [f.FRA, f.FRB]),
  };
}

/** A-form row `mnemonic FRT,FRA,FRC`. */
export function aFormProduct(primary: number, xo: number, name: FunctionName, extra: Extra = {}): InstructionRow {
  return {
    mnemonic: name,
    pattern: `${primary}:6 FRT:5 FRA:5 /:5 FRC:5 ${xo}:5 Rc:1`,
    operands: 'FRT,FRA,FRC',
    ...common(extra),
    meaning: computed(name, (f) => [f.FRA, f.FRC]),
  };
}

/** A-form row `mnemonic FRT,FRA,FRC,FRB`: a multiply-add. */
export function aFormFused(primary: number, xo: number, name: FunctionName, extra: Extra = {}): InstructionRow {
  return {
    mnemonic: name,
    pattern: `${primary}:6 FRT:5 FRA:5 FRB:5 FRC:5 ${xo}:5 Rc:1`,
    operands: 'FRT,FRA,FRC,FRB',
    ...common(extra),
    meaning: computed(name, (f) => [f.FRA, f.FRC, f.FRB]),
  };
}

/** A-form row `mnemonic FRT,FRB`. */
export function aFormUnary(primary: number, xo: number, name: FunctionName, extra: Extra = {}): InstructionRow {
  return {
    mnemonic: name,
    pattern: `${primary}:6 FRT:5 /:5 FRB:5 /:5 ${xo}:5 Rc:1`,
    operands: 'FRT,FRB',
    ...common(extra),
    meaning: computed(name, (f) => [f.FRB]),
  };
}

/** X-form row `mnemonic FRT,FRB`. */
export function xFormUnary(primary: number, xo: number, name: FunctionName, extra: Extra = {}): InstructionRow {
  return {
    mnemonic: name,
    pattern: `${primary}:6 FRT:5 /:5 FRB:5 ${xo}:10 Rc:1`,
    operands: 'FRT,FRB',
    ...common(extra),
    meaning: computed(name, (f) => [f.FRB]),
  };
}
