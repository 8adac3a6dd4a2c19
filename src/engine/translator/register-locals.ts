// CPU state that a region keeps in locals: which items, where they lie in memory, which were written.
//
// A region in which control goes round loads what it uses at its entry and stores what it has written where it is left: its loops
// then work on locals alone. In one that control passes through, every item is loaded where a stretch of code first uses it,
// and stored where it is written: nothing has to be carried from block to block, which makes the function smaller and quicker to
// compile.
import { slotOffset, state } from '../../cpu/state.ts';
import type { SlotName } from '../../isa/slots.ts';
import type { Ir } from '../ir/ir.ts';
import { opcode } from '../wasm/memory-operators.ts';

/** One item in a local. */
export interface HeldItem<T extends 'i32' | 'i64' = 'i32' | 'i64'> {
  readonly local: number;
  readonly type: T;
  /** Name of the local as a class of state for the intermediate form. */
  readonly stateClass: string;
  readonly offset: number;
  readonly load: number;
  readonly store: number;
  written: boolean;
  /** The local holds the item here; always so in a region that loads all at its entry. */
  present: boolean;
}

/** Names that were made. */
const localClasses: string[] = [];

/** Class of state that a local is. */
export function localClass(local: number): string {
  localClasses[local] ??= `local${local}`;
  return localClasses[local];
}

/** The items that a region holds. */
export class RegisterLocals {
  readonly #ir: Ir;
  /** Every item is stored where it is written, and its local holds it in a stretch of code only. */
  readonly inMemory: boolean;
  readonly #items: HeldItem[] = [];
  readonly #gprs: (HeldItem<'i64'> | undefined)[] = [];
  readonly #crFields: (HeldItem<'i32'> | undefined)[] = [];
  readonly #named = new Map<string, HeldItem<'i64'>>();

  constructor(ir: Ir, inMemory: boolean) {
    this.#ir = ir;
    this.inMemory = inMemory;
  }

  #hold<T extends 'i32' | 'i64'>(type: T, offset: number, load: number, store: number): HeldItem<T> {
    const local = this.#ir.locals.keep(type);
    const item: HeldItem<T> = {
      local,
      type,
      stateClass: localClass(local),
      offset,
      load,
      store,
      written: false,
      present: !this.inMemory,
    };
    this.#items.push(item);
    return item;
  }

  #holdNamed(name: string, offset: number): HeldItem<'i64'> {
    let item = this.#named.get(name);
    if (!item) {
      item = this.#hold('i64', offset, opcode.i64Load, opcode.i64Store);
      this.#named.set(name, item);
    }
    return item;
  }

  gpr(n: number): HeldItem<'i64'> {
    let item = this.#gprs[n];
    if (!item) {
      item = this.#hold('i64', state.gpr.offset + 8 * n, opcode.i64Load, opcode.i64Store);
      this.#gprs[n] = item;
    }
    return item;
  }
  crField(n: number): HeldItem<'i32'> {
    let item = this.#crFields[n];
    if (!item) {
      item = this.#hold('i32', state.cr.offset + n, opcode.i32Load8U, opcode.i32Store8);
      this.#crFields[n] = item;
    }
    return item;
  }
  slot(name: SlotName): HeldItem<'i64'> {
    return this.#holdNamed(name, slotOffset[name]);
  }

  /** State of the floating-point operation that is not in FPSCR yet. */
  pendingOperation(name: 'fpKind' | 'fpA' | 'fpB' | 'fpC'): HeldItem<'i64'> {
    return this.#holdNamed(name, state[name].offset);
  }

  /** Control may come from elsewhere: locals hold nothing. */
  beginStretch(): void {
    if (this.inMemory) for (const item of this.#items) item.present = false;
  }

  /** Writes code that loads all held items from the CPU state whose address is in local 0. */
  writeLoads(ir: Ir): void {
    if (this.inMemory) return;
    for (const item of this.#items) {
      ir.localGet(0);
      ir.memory(item.load, item.offset, 0);
      ir.localSet(item.local);
    }
  }

  /** Writes code that stores all written items back. */
  writeStores(ir: Ir): void {
    if (this.inMemory) return;
    for (const item of this.#items) {
      if (!item.written) continue;
      ir.localGet(0);
      ir.localGet(item.local);
      ir.memory(item.store, item.offset, 0);
    }
  }
}
