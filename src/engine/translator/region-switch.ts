// Goes on from one region to the next.
//
// A module has its own copy of each table that it imports. With the regions' table in this one, and in the interpreters, it is
// found in the caches wherever control comes from, and a new module of regions costs nothing for what is there already.
import { jumpCacheOffset } from '../../cpu/memory-map.ts';
import { slotOffset, state } from '../../cpu/state.ts';
import { coreImports } from '../environment-imports.ts';
import { Ir } from '../ir/ir.ts';
import { Locals } from '../ir/locals.ts';
import { writeJumpCacheEntry } from '../jump-cache.ts';
import { regionIndexBits, regionParameters } from '../region-interface.ts';
import { opcode } from '../wasm/memory-operators.ts';
import { ModuleWriter } from '../wasm/writer.ts';

const parameter = { cpu: 0, next: 1, result: 2, returnTo: 3, waiting: 4 } as const;

function writeGoOn(regionType: number): { readonly ir: Ir; readonly locals: Locals } {
  const locals = new Locals(coreImports.goOn.params.length);
  const ir = new Ir(locals);
  const entry = locals.keep('i32');
  const unknown = ir.openBlock();
  ir.localGet(parameter.next);
  writeJumpCacheEntry(ir, entry);
  ir.localGet(parameter.cpu);
  ir.code.byte(0x6a);
  ir.localTee(entry);
  ir.memory(opcode.i64Load, jumpCacheOffset, 3);
  ir.localGet(parameter.next);
  ir.code.byte(0x52);
  ir.branchIf(unknown);
  ir.localGet(entry);
  ir.memory(opcode.i32Load, jumpCacheOffset + 12, 2);
  ir.localGet(parameter.cpu);
  ir.memory(opcode.i32Load, state.jumpContext.offset, 2);
  ir.code.byte(0x47);
  ir.branchIf(unknown);
  ir.localGet(parameter.cpu);
  ir.localGet(parameter.next);
  ir.localGet(entry);
  ir.memory(opcode.i32Load, jumpCacheOffset + 8, 2);
  ir.localTee(entry);
  ir.i32Const(regionIndexBits);
  ir.code.byte(0x76);
  ir.localGet(parameter.returnTo);
  ir.localGet(parameter.waiting);
  ir.localGet(entry);
  ir.i32Const(2 ** regionIndexBits - 1);
  ir.code.byte(0x71);
  // return_call_indirect
  ir.code.byte(0x13);
  ir.code.u32(regionType);
  ir.code.byte(0);
  ir.close();
  ir.localGet(parameter.cpu);
  ir.localGet(parameter.next);
  ir.memory(opcode.i64Store, slotOffset.nip, 3);
  ir.localGet(parameter.result);
  ir.code.byte(0x0b);
  return { ir, locals };
}

/**
 * Makes the module. It imports `env.memory` and `env.regions`, the table, and exports `goOn` (see `coreImports`): goes on in the
 * region at an address if the jump cache knows one, else stores the address as NIP and returns the result given.
 */
export function generateRegionSwitch(): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  const regionType = module.type({ params: regionParameters, results: ['i32'] });
  module.importMemory();
  module.importTable('regions', 1);
  const { ir, locals } = writeGoOn(regionType);
  module.exportFunction('goOn', module.addFunction(coreImports.goOn, locals.declaration(), ir.code));
  return module.finish();
}
