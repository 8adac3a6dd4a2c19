// The code of one variant of a row: in the main function, as a function of its own, or built only to see what it does.
import { fields } from '../fields.ts';
import { type Importer, ImportList } from '../import-list.ts';
import { Ir } from '../ir/ir.ts';
import { Locals } from '../ir/locals.ts';
import { RecordLayout } from '../record-layout.ts';
import type { FixedValues, PreparedRow } from '../variants.ts';
import type { Bytes } from '../wasm/writer.ts';
import { coldResult, type Frame, NeedsMainFunction, scratchMain } from './frame.ts';
import { InterpreterBuilder } from './interpreter-builder.ts';
import type { MeaningFlow } from './meaning-flow.ts';
import type { Mode } from './mode.ts';
import { buildChecks } from './row-checks.ts';

/** A variant of a row: the row with its fixed fields. */
export interface Variant {
  readonly rowIndex: number;
  readonly prepared: PreparedRow;
  readonly fixed: FixedValues;
}

/** Builds the checks and the meaning of a variant. `near`: its branch target lies in the same page. */
export function build(
  ir: Ir,
  mode: Mode,
  frame: Frame,
  variant: Variant,
  imports: Importer,
  near: boolean,
  layout = new RecordLayout(variant.prepared.pattern),
): InterpreterBuilder {
  const builder = new InterpreterBuilder(ir, { mode, frame, layout, fixed: variant.fixed }, imports, near);
  buildChecks(builder, variant.prepared.row);
  variant.prepared.row.meaning(builder, fields);
  return builder;
}

/** The record layout of a variant's handler. */
export function layoutOf(prepared: PreparedRow, fixed: FixedValues, near: boolean): RecordLayout {
  const layout = new RecordLayout(prepared.pattern);
  const frame: Frame = { cpu: 0, record: 0, main: scratchMain };
  const ir = new Ir(new Locals(0));
  build(
    ir,
    { is64: true, littleEndian: true },
    frame,
    { rowIndex: 0, prepared, fixed },
    new ImportList(),
    near,
    layout,
  );
  // Slots are asked for while code is written as well as while it is built.
  ir.flush();
  return layout;
}

/** A variant as a function of its own. */
export interface ColdFunction {
  readonly locals: Locals;
  readonly body: Bytes;
  /** It expects the instruction's address in `nip`. */
  readonly needsCia: boolean;
}

/** Builds a variant as a function of its own; undefined when it needs the main function. */
export function coldFunction(mode: Mode, variant: Variant, imports: Importer): ColdFunction | undefined {
  const locals = new Locals(2);
  const ir = new Ir(locals);
  let needsCia: boolean;
  try {
    ({ needsCia } = build(ir, mode, { cpu: 0, record: 1, main: undefined }, variant, imports, false));
  } catch (error) {
    if (error instanceof NeedsMainFunction) return undefined;
    throw error;
  }
  ir.flush();
  ir.i32Const(variant.prepared.row.prefix === undefined ? coldResult.done : coldResult.prefixedDone);
  ir.code.byte(0x0b);
  return { locals, body: ir.code, needsCia };
}

/** What a variant does to the flow of control. */
export function flowOf(prepared: PreparedRow, fixed: FixedValues): MeaningFlow {
  const frame: Frame = { cpu: 0, record: 0, main: scratchMain };
  const mode = { is64: true, littleEndian: true };
  return build(new Ir(new Locals(0)), mode, frame, { rowIndex: 0, prepared, fixed }, new ImportList(), false).flow;
}

/** True when a variant branches relative to its own address. */
export function usesBranchField(mode: Mode, variant: Variant): boolean {
  const frame: Frame = { cpu: 0, record: 0, main: scratchMain };
  return build(new Ir(new Locals(0)), mode, frame, variant, new ImportList(), false).flow.relative !== undefined;
}
