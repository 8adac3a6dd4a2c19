// What all parts of the main function share: locals, labels, and the short pieces of code that keep them right.
import { slotOffset, state } from '../../cpu/state.ts';
import type { ImportList } from '../import-list.ts';
import { Ir } from '../ir/ir.ts';
import { Locals } from '../ir/locals.ts';
import { opcode } from '../wasm/memory-operators.ts';
import { type Frame, type MainFrame, scratchMain, writeCia } from './frame.ts';
import type { Mode } from './mode.ts';

/** The main function while it is written. */
export class MainCode {
  readonly ir: Ir;
  readonly mode: Mode;
  readonly imports: ImportList;
  readonly locals = new Locals(1);
  readonly frame: Frame;
  /** Local: address of the record that is executed. */
  readonly record: number;
  /** Local: 1 when the next translated record is to be interpreted. */
  readonly once: number;
  /** Local: how many arrivals more are to be counted since a region has handed over. */
  readonly uncounted: number;
  /** Local: the budget at or below which a jump ends the slice. */
  readonly limit: number;
  /** Locals and labels; a label is set where its block is opened. */
  readonly main: { -readonly [K in keyof MainFrame]: MainFrame[K] };

  constructor(mode: Mode, imports: ImportList) {
    this.mode = mode;
    this.imports = imports;
    this.ir = new Ir(this.locals);
    const { locals } = this;
    const i32 = () => locals.keep('i32');
    const i64 = () => locals.keep('i64');
    this.main = {
      ...scratchMain,
      recordBase: i32(),
      start: i32(),
      left: i32(),
      tlbRead: i32(),
      tlbWrite: i32(),
      pageEa: i64(),
      target: i64(),
    };
    this.record = i32();
    this.frame = { cpu: 0, record: this.record, main: this.main };
    this.once = i32();
    this.limit = i32();
    this.uncounted = i32();
  }

  /** Writes: an item of the CPU state. */
  loadState(code: number, offset: number): void {
    this.ir.localGet(0);
    this.ir.memory(code, offset, 0);
  }

  /** Writes: the instructions left from the state into `left` (record bytes are 16 each). */
  loadBudget(): void {
    const { ir } = this;
    this.loadState(opcode.i64Load, state.budget.offset);
    ir.code.byte(0xa7);
    ir.i32Const(4);
    ir.code.byte(0x74);
    ir.localSet(this.main.left);
  }

  /** Writes: the instructions left into the state. */
  storeBudget(): void {
    const { ir } = this;
    ir.localGet(0);
    ir.localGet(this.main.left);
    ir.i32Const(4);
    ir.code.byte(0x75);
    ir.code.byte(0xac);
    ir.memory(opcode.i64Store, state.budget.offset, 3);
  }

  /** Writes: the target from NIP, the TLB tables; no page is current. */
  loadContext(): void {
    const { ir, main } = this;
    this.loadState(opcode.i64Load, slotOffset.nip);
    ir.localSet(main.target);
    this.loadState(opcode.i32Load, state.tlbRead.offset);
    ir.localSet(main.tlbRead);
    this.loadState(opcode.i32Load, state.tlbWrite.offset);
    ir.localSet(main.tlbWrite);
    ir.i64Const(1);
    ir.localSet(main.pageEa);
  }

  /** Writes: leaves the interpreter for a reason. */
  leave(reason: number): void {
    this.storeBudget();
    this.ir.i32Const(reason);
    this.ir.return();
  }

  /** Writes: what `value` pushes into NIP. */
  storeNip(value: () => void): void {
    this.ir.localGet(0);
    value();
    this.ir.memory(opcode.i64Store, slotOffset.nip, 3);
  }

  /** Writes: the address of this record's instruction. */
  pushCia(): void {
    writeCia(this.ir, this.main, this.record);
  }

  /** Writes: NIP is this record's instruction. */
  storeCia(): void {
    this.storeNip(() => this.pushCia());
  }

  /** Writes: `left` −= record bytes since the start of the straight run, this instruction not included. */
  countBeforeFault(): void {
    const { ir, main } = this;
    ir.localGet(main.left);
    ir.localGet(main.start);
    ir.code.byte(0x6a);
    ir.localGet(this.record);
    ir.code.byte(0x6b);
    ir.localSet(main.left);
  }

  /** Writes: a local += a constant. */
  addTo(local: number, amount: number): void {
    const { ir } = this;
    ir.localGet(local);
    ir.i32Const(amount);
    ir.code.byte(0x6a);
    ir.localSet(local);
  }

  /** Writes: address of this record's entry in a table behind the records, whose entries are 16 >> shift bytes. */
  sideEntry(shift: number): void {
    const { ir, main } = this;
    ir.localGet(main.recordBase);
    ir.localGet(this.record);
    ir.localGet(main.recordBase);
    ir.code.byte(0x6b);
    ir.i32Const(shift);
    ir.code.byte(0x76);
    ir.code.byte(0x6a);
  }
}
