// Makes the interpreter: one WebAssembly module for each mode (MSR[SF], MSR[LE]) from the instruction table.
//
// The main function is a loop around one `br_table` over predecoded records. Rows that are executed often, and those
// with branches, are in it; each other row is a function of its own, called through a table. The main function has a limit:
// the runtime's compiler gives up on good code for a function of more than some thousand values.
import type { InstructionRow } from '../../isa/row.ts';
import { ImportList } from '../import-list.ts';
import { regionParameters } from '../region-interface.ts';
import { prepareRow, variantKey, variantsOf } from '../variants.ts';
import { ModuleWriter } from '../wasm/writer.ts';
import { type HandlerMap, handlerMap, type MainHandler } from './handler-map.ts';
import { writeMainFunction } from './main-function.ts';
import type { Mode } from './mode.ts';
import { type ColdFunction, coldFunction, usesBranchField, type Variant } from './variant-code.ts';

/** A generated interpreter. */
export interface GeneratedInterpreter {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly handlers: HandlerMap;
  /** Bytes of the main function's code. */
  readonly mainBytes: number;
}

/**
 * Generates the interpreter of a mode. All modes give the same handler map, so that records serve all of them.
 * The module exports `run(cpu: i32) → leaveReason` and imports `env.memory`, core imports and data-plane functions.
 */
export function generateInterpreter(table: readonly InstructionRow[], mode: Mode): GeneratedInterpreter {
  const imports = new ImportList();
  const mainHandlers: MainHandler[] = [];
  const withCia: (ColdFunction & { variant: Variant })[] = [];
  const plain: (ColdFunction & { variant: Variant })[] = [];
  table.forEach((row, rowIndex) => {
    const prepared = prepareRow(row);
    for (const fixed of variantsOf(prepared)) {
      const variant: Variant = { rowIndex, prepared, fixed };
      try {
        const own = row.hot ? undefined : coldFunction(mode, variant, imports);
        if (own) (own.needsCia ? withCia : plain).push({ variant, ...own });
        else {
          mainHandlers.push({ ...variant, near: false });
          if (usesBranchField(mode, variant)) mainHandlers.push({ ...variant, near: true });
        }
      } catch (error) {
        throw new Error(
          `instruction ${row.mnemonic} (${variantKey(fixed)}): ${error instanceof Error ? error.message : error}`,
          { cause: error },
        );
      }
    }
  });

  const cold = [...withCia, ...plain];
  const module = new ModuleWriter();
  const coldType = module.type({ params: ['i32', 'i32'], results: ['i32'] });
  const regionType = module.type({ params: regionParameters, results: ['i32'] });
  const main = writeMainFunction(mode, imports, { regionType, coldType, needingCia: withCia.length }, mainHandlers);
  const mainBytes = main.body.length;
  module.importMemory();
  module.importTable('regions', 1);
  for (const { name, type } of imports.list) module.importFunction(name, type);
  const functionIndices = cold.map(({ locals, body }) =>
    module.addFunction({ params: ['i32', 'i32'], results: ['i32'] }, locals.declaration(), body),
  );
  module.exportFunction(
    'run',
    module.addFunction({ params: ['i32'], results: ['i32'] }, main.locals.declaration(), main.body),
  );
  module.ownTable(functionIndices);
  return {
    bytes: module.finish(),
    mainBytes,
    handlers: handlerMap(
      mainHandlers,
      cold.map((item) => item.variant),
    ),
  };
}
