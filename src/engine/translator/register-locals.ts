// CPU state that a region keeps in locals: which items, where they lie in memory, which were written.
import { slotOffset, state } from '../../cpu/state.ts';
import type { SlotName } from '../../isa/slots.ts';
import type { ValueType } from '../../isa/value-type.ts';
import type { Ir } from '../ir/ir.ts';
import { opcode } from '../wasm/memory-operators.ts';

/** One item in a local. */
interface HeldItem {
  readonly local: number;
  readonly type: 'i32' | 'i64';
  readonly offset: number;
  readonly load: number;
  readonly store: number;
  written: boolean;
}

/** The items that a region holds, by key (`gpr5`, `cr0`, `slot:lr`). */
export class RegisterLocals {
  readonly #ir: Ir;
  readonly #items = new Map<string, HeldItem>();

  constructor(ir: Ir) {
    this.#ir = ir;
  }

  #hold(key: string, type: 'i32' | 'i64', offset: number, load: number, store: number): HeldItem {
    let item = this.#items.get(key);
    if (!item) {
      item = { local: this.#ir.locals.keep(type), type, offset, load, store, written: false };
      this.#items.set(key, item);
    }
    return item;
  }

  gpr(n: number): HeldItem {
    return this.#hold(`gpr${n}`, 'i64', state.gpr.offset + 8 * n, opcode.i64Load, opcode.i64Store);
  }
  crField(n: number): HeldItem {
    return this.#hold(`cr${n}`, 'i32', state.cr.offset + n, opcode.i32Load8U, opcode.i32Store8);
  }
  slot(name: SlotName): HeldItem {
    return this.#hold(`slot:${name}`, 'i64', slotOffset[name], opcode.i64Load, opcode.i64Store);
  }

  /** State of the floating-point operation that is not in FPSCR yet. */
  pendingOperation(name: 'fpKind' | 'fpA' | 'fpB' | 'fpC'): HeldItem {
    return this.#hold(name, 'i64', state[name].offset, opcode.i64Load, opcode.i64Store);
  }

  /** Writes code that loads all held items from the CPU state whose address is in local 0. */
  writeLoads(ir: Ir): void {
    for (const item of this.#items.values()) {
      ir.localGet(0);
      ir.memory(item.load, item.offset, 0);
      ir.localSet(item.local);
    }
  }

  /** Writes code that stores all written items back. */
  writeStores(ir: Ir): void {
    for (const item of this.#items.values()) {
      if (!item.written) continue;
      ir.localGet(0);
      ir.localGet(item.local);
      ir.memory(item.store, item.offset, 0);
    }
  }
}

/** Type of a held item's value. */
export type HeldType = Extract<ValueType, 'i32' | 'i64'>;
