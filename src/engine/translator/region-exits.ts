// How a region is entered and left: what it loads and stores, and where control goes on.
import { slotOffset, state } from '../../cpu/state.ts';
import type { Importer } from '../import-list.ts';
import type { Mode } from '../interpreter/mode.ts';
import type { Ir } from '../ir/ir.ts';
import { regionResult, returned } from '../leave-reason.ts';
import { writeTlbIndex } from '../tlb-index.ts';
import { opcode } from '../wasm/memory-operators.ts';
import { writeGoOnAtNip } from './context-check.ts';
import { writeEnabledExceptions } from './nested-call.ts';
import {
  firstEnding,
  parameter,
  type RegionFrame,
  writeContextLoads,
  writeContextWord,
  writeReturnToSite,
} from './region-frame.ts';
import type { RegisterLocals } from './register-locals.ts';
import { writeFastTest } from './translator-builder.ts';

/** What a region needs of the context that it is entered in. */
export interface RegionNeeds {
  /** Supervisor state. */
  readonly supervisor: boolean;
  /** No enabled floating-point exception. */
  readonly floatingPoint: boolean;
}

/** How regions of a module go on. */
export interface ExitOptions {
  readonly mode: Mode;
  readonly imports: Importer;
}

/** The pages of a region, by their distance from that of the place it was made for. */
export interface RegionPages {
  /** A bit of a word for each. */
  readonly bits: ReadonlyMap<number, number>;
  /** Addresses of their records, which tell them from other pages. */
  readonly records: ReadonlyMap<number, number>;
  /** In which each entry is, by the entry's number. */
  readonly entries: readonly number[];
}

/** Writes the way into a region and the ways out of it. */
export class RegionExits {
  readonly #ir: Ir;
  readonly #frame: RegionFrame;
  readonly #registers: RegisterLocals;
  readonly #options: ExitOptions;
  readonly #pages: RegionPages;

  constructor(ir: Ir, frame: RegionFrame, registers: RegisterLocals, options: ExitOptions, pages: RegionPages) {
    this.#ir = ir;
    this.#frame = frame;
    this.#registers = registers;
    this.#options = options;
    this.#pages = pages;
  }

  /** Writes what comes first: whether the region may run now, then the loads of all that is held in locals. */
  prologue(ir: Ir, { supervisor, floatingPoint }: RegionNeeds): void {
    if (supervisor) {
      ir.localGet(parameter.cpu);
      ir.memory(opcode.i32Load, slotOffset.msr, 2);
      ir.i32Const(0x4000);
      ir.code.byte(0x71);
      this.#refuse(ir);
    }
    if (floatingPoint) {
      writeEnabledExceptions(ir);
      this.#refuse(ir);
      writeFastTest(ir, this.#frame.fast);
    }
    this.#findPage(ir);
    writeContextLoads(ir, this.#frame, (local) => this.#ir.reads(local));
    ir.localGet(parameter.cpu);
    ir.memory(opcode.i32Load, state.budget.offset, 2);
    ir.localSet(this.#frame.left);
    this.#registers.writeLoads(ir);
  }

  /** With a condition on the stack: has the first instruction interpreted, which raises what is due. */
  #refuse(ir: Ir): void {
    ir.openIf();
    ir.localGet(parameter.cpu);
    ir.localGet(parameter.pageEa);
    ir.memory(opcode.i64Store, slotOffset.nip, 3);
    ir.i32Const(regionResult.interpret);
    ir.return();
    ir.close();
  }

  /** From the address of the entry to that of the page that places are counted from; the entry's own page is known. */
  #findPage(ir: Ir): void {
    ir.localGet(parameter.pageEa);
    ir.i64Const(-4096);
    ir.code.byte(0x83);
    ir.localSet(parameter.pageEa);
    if (this.#pages.bits.size === 1) return;
    const pages = [...new Set(this.#pages.entries)];
    const found = ir.openBlock();
    const labels = pages.map(() => ir.openBlock());
    const [first = found] = labels;
    ir.localGet(parameter.number);
    ir.branchTable(
      this.#pages.entries.map((page) => labels[pages.indexOf(page)] ?? first),
      first,
    );
    for (const page of pages.reverse()) {
      ir.close();
      ir.localGet(parameter.pageEa);
      ir.i64Const(page * 4096);
      ir.code.byte(0x7d);
      ir.localSet(parameter.pageEa);
      ir.i32Const(this.#pages.bits.get(page) ?? 0);
      ir.localSet(this.#frame.knownPages);
      ir.branch(found);
    }
    ir.close();
  }

  /** Leaves at the instruction that `site` names, with its uncompleted rest of the block given back. */
  siteLeave(result: number): void {
    const ir = this.#ir;
    writeReturnToSite(ir, this.#frame);
    ir.i32Const(result);
    ir.localSet(this.#frame.result);
    ir.branch(this.#frame.leave);
  }

  /**
   * Stores the registers, then goes on in the region at `next` if one is known, else leaves; `returns`: that may be where the
   * region that called this one waits.
   */
  epilogue(returns: boolean): void {
    const ir = this.#ir;
    const { next } = this.#frame;
    this.#registers.writeStores(ir);
    ir.localGet(parameter.cpu);
    ir.localGet(this.#frame.left);
    ir.code.byte(0xac);
    ir.memory(opcode.i64Store, state.budget.offset, 3);
    if (this.#frame.endings.length > 0) this.#endings();
    const leave = ir.openBlock();
    // A branch goes on while there is budget, falling through always.
    ir.localGet(this.#frame.result);
    ir.openIf();
    ir.localGet(this.#frame.result);
    ir.i32Const(regionResult.fallThrough);
    ir.code.byte(0x47);
    ir.branchIf(leave);
    ir.openElse();
    ir.localGet(this.#frame.left);
    ir.i32Const(0);
    ir.code.byte(0x4c);
    ir.branchIf(leave);
    if (returns) {
      ir.localGet(parameter.returnTo);
      ir.localGet(next);
      ir.code.byte(0x51);
      ir.openIf();
      ir.i32Const(returned);
      ir.return();
      ir.close();
    }
    ir.close();
    ir.localGet(parameter.cpu);
    ir.localGet(next);
    ir.localGet(this.#frame.result);
    ir.localGet(parameter.returnTo);
    ir.localGet(parameter.waiting);
    // return_call
    ir.code.byte(0x12);
    ir.code.u32(this.#options.imports.core('goOn'));
    ir.close();
    ir.localGet(parameter.cpu);
    ir.localGet(next);
    ir.memory(opcode.i64Store, slotOffset.nip, 3);
    ir.localGet(this.#frame.result);
  }

  /** Makes the call that ends the region, if one does, and takes the interrupt that it raises. */
  #endings(): void {
    const ir = this.#ir;
    const { imports, mode } = this.#options;
    ir.localGet(this.#frame.result);
    ir.i32Const(firstEnding);
    ir.code.byte(0x4f);
    ir.openIf();
    ir.localGet(parameter.cpu);
    ir.localGet(this.#frame.next);
    ir.memory(opcode.i64Store, slotOffset.nip, 3);
    this.#frame.endings.forEach(({ name, args }, i) => {
      ir.localGet(this.#frame.result);
      ir.i32Const(firstEnding + i);
      ir.code.byte(0x46);
      ir.openIf();
      ir.localGet(parameter.cpu);
      for (const arg of args) ir.i32Const(arg);
      ir.call(imports.dataPlane(name));
      ir.close();
    });
    ir.localGet(parameter.cpu);
    ir.memory(opcode.i32Load, state.exception.offset, 2);
    ir.openIf();
    ir.localGet(parameter.cpu);
    ir.call(imports.core('deliver'));
    ir.close();
    writeGoOnAtNip(ir, this.#frame, mode);
    ir.close();
  }

  /** Puts the address of a place into `next`. */
  setNext(at: number): void {
    const ir = this.#ir;
    ir.localGet(parameter.pageEa);
    ir.i64Const(at);
    ir.code.byte(0x7c);
    if (!this.#options.mode.is64) {
      ir.i64Const(0xffffffff);
      ir.code.byte(0x83);
    }
    ir.localSet(this.#frame.next);
  }

  /** Leaves and goes on at a place; `branched`: by a branch. */
  leaveTo(at: number, branched: boolean): void {
    const ir = this.#ir;
    this.setNext(at);
    if (!branched) {
      ir.i32Const(regionResult.fallThrough);
      ir.localSet(this.#frame.result);
    }
    ir.branch(this.#frame.leave);
  }

  /** Leaves to a place unless its page is known to be the one that the region was made from. */
  checkPage(at: number, branched: boolean): void {
    const { bits, records } = this.#pages;
    if (bits.size === 1) return;
    const ir = this.#ir;
    const page = at >> 12;
    const bit = bits.get(page) ?? 0;
    const { address, entry } = this.#frame;
    ir.localGet(this.#frame.knownPages);
    ir.i32Const(bit);
    ir.code.byte(0x71);
    ir.code.byte(0x45);
    ir.openIf();
    ir.localGet(parameter.pageEa);
    ir.i64Const(page * 4096);
    ir.code.byte(0x7c);
    ir.localTee(address);
    writeTlbIndex(ir, entry);
    writeContextWord(ir, this.#frame, 'tlbExecute');
    ir.code.byte(0x6a);
    ir.localTee(entry);
    ir.memory(opcode.i64Load, 0, 3);
    ir.localGet(address);
    ir.code.byte(0x52);
    ir.localGet(entry);
    ir.memory(opcode.i32Load, 8, 2);
    ir.i32Const(records.get(page) ?? 0);
    ir.code.byte(0x47);
    ir.code.byte(0x72);
    ir.openIf();
    this.leaveTo(at, branched);
    ir.close();
    ir.localGet(this.#frame.knownPages);
    ir.i32Const(bit);
    ir.code.byte(0x72);
    ir.localSet(this.#frame.knownPages);
    ir.close();
  }
}
