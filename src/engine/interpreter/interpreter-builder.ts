// Builds meanings for the interpreter: the flow of control, and the calls that leave an instruction's own code.
import { slotOffset, state } from '../../cpu/state.ts';
import type { Field, I32, I64, LeaveCode, ProgramReason, V128, Value } from '../../isa/builder.ts';
import { supervisorFunctions } from '../../isa/functions/supervisor.ts';
import { type FunctionName, functions } from '../../isa/functions.ts';
import type { ValueType } from '../../isa/value-type.ts';
import type { Importer } from '../import-list.ts';
import type { Ir } from '../ir/ir.ts';
import { asNode, type Node } from '../ir/node.ts';
import { leaveReason } from '../leave-reason.ts';
import { programSrr1 } from '../operator-builder.ts';
import { codeCalls, endCalls, regionCalls, translationCalls } from '../region-calls.ts';
import { opcode } from '../wasm/memory-operators.ts';
import { AccessBuilder } from './access-builder.ts';
import { coldResult, type MainFrame, NeedsMainFunction, writeCia } from './frame.ts';
import type { BuilderPlace } from './register-builder.ts';

/** Functions that read or write FPSCR as a whole: translated code keeps parts of it elsewhere. */
const statusFunctions: ReadonlySet<FunctionName> = new Set<FunctionName>(['moveToFpscr', 'mtfsb1', 'mcrfs']);

/** Implements `Builder` for the interpreter. */
export class InterpreterBuilder extends AccessBuilder {
  /** The meaning asks for CIA, which a function of its own finds in `nip`. */
  needsCia = false;
  readonly #near: boolean;

  /** `near`: the branch target of the instruction lies in the same page. */
  constructor(ir: Ir, place: BuilderPlace, imports: Importer, near: boolean) {
    super(ir, place, imports);
    this.#near = near;
  }

  #main(): MainFrame {
    if (!this.frame.main) throw new NeedsMainFunction();
    return this.frame.main;
  }

  #ciaNode(step: number): I64 {
    const { main } = this.frame;
    const { ir } = this;
    if (!main) {
      this.needsCia = true;
      const cia = this.readState('i64', 'slot:nip', this.cpu(), opcode.i64Load, slotOffset.nip);
      return this.ea(step === 0 ? cia : this.add(cia, this.const(step)));
    }
    const node = ir.written('i64', [], () => {
      writeCia(ir, main, this.frame.record);
      if (step !== 0) {
        ir.i64Const(step);
        ir.code.byte(0x7c);
      }
    });
    return this.ea(this.typed(node));
  }
  cia(): I64 {
    return this.#ciaNode(0);
  }
  nia(): I64 {
    return this.#ciaNode(this.isPrefixed ? 8 : 4);
  }

  /** Writes: left −= record bytes since the start of the straight run, this instruction included. */
  #count(main: MainFrame): void {
    const { ir } = this;
    ir.localGet(main.left);
    ir.localGet(main.start);
    ir.code.byte(0x6a);
    ir.localGet(this.frame.record);
    ir.code.byte(0x6b);
    ir.i32Const(16);
    ir.code.byte(0x6b);
    ir.localSet(main.left);
  }

  /** Control ends here; outside a conditional it always does. */
  #noteEnd(): void {
    if (!this.ir.nested) this.flow.ends = true;
  }

  branchField(field: Field, absolute: boolean): void {
    this.#noteEnd();
    const main = this.#main();
    const { ir } = this;
    if (absolute) {
      this.flow.indirect = true;
    } else {
      this.flow.relative = field.name;
      this.layout.noteBranch(field.name);
    }
    if (absolute || !this.#near) {
      const displacement = this.imm(field);
      this.#branch(main, absolute ? displacement : this.add(this.cia(), displacement));
      return;
    }
    const slot = this.layout.nearTarget(field.name);
    ir.effect([], '', () => {
      this.#count(main);
      ir.localGet(this.frame.record);
      ir.localGet(this.frame.record);
      ir.memory(opcode.i32Load, slot, 2);
      ir.code.byte(0x6a);
      ir.localTee(this.frame.record);
      ir.localSet(main.start);
      ir.localGet(main.left);
      ir.i32Const(0);
      ir.code.byte(0x4c);
      ir.branchIf(main.nearBudget);
      ir.branch(main.next);
    });
  }

  branchTo(target: I64): void {
    this.flow.indirect = true;
    this.#noteEnd();
    this.#branch(this.#main(), this.and(target, this.const(-4)));
  }

  #branch(main: MainFrame, target: I64): void {
    const { ir } = this;
    ir.effect([asNode(this.ea(target))], '', () => {
      ir.localSet(main.target);
      this.#count(main);
      ir.branch(main.jump);
    });
  }

  /** Raises the interrupt of a vector with bits of SRR1. */
  raise(vector: number, srr1: number): void {
    this.writeState('', this.cpu(), opcode.i32Store, state.exception.offset, this.const32(vector));
    this.writeState('', this.cpu(), opcode.i64Store, state.exceptionSrr1.offset, this.const(srr1));
    this.ir.effect([], '', () => this.toFault());
  }

  program(reason: ProgramReason): void {
    this.#noteEnd();
    this.raise(0x700, programSrr1[reason]);
  }

  /** The word of facilities that the context lets programs use (`facilityBit`). */
  facilities(): I32 {
    return this.stateWord('facilities', state.facilities.offset);
  }
  /** Raises the interrupt of a facility that is not available, with its cause number. */
  facilityUnavailable(cause: number): void {
    const { ir } = this;
    ir.effect([], '*', () => {
      ir.localGet(this.frame.cpu);
      ir.i32Const(cause);
      ir.call(this.imports.core('facilityUnavailable'));
      this.toFault();
    });
  }

  #callNode(name: FunctionName, args: readonly Value[]): Node | undefined {
    const { ir } = this;
    const signature = functions[name];
    if (codeCalls.has(name)) this.flow.changesContext = true;
    if (regionCalls.has(name)) this.flow.changesTranslation ||= translationCalls.has(name);
    else if (endCalls.has(name)) this.#noteEnd();
    else if (name in supervisorFunctions || statusFunctions.has(name)) this.flow.leaves = true;
    const write = () => {
      ir.call(this.imports.dataPlane(name));
      if (signature.raises) this.faultIfRaised();
    };
    const all = [this.cpu(), ...args.map(asNode)];
    if (signature.result) return ir.ordered(signature.result, all, true, write);
    ir.effect(all, '*', write);
    return undefined;
  }
  #callValue<T extends ValueType>(name: FunctionName, args: readonly Value[], type: T): Value<T> {
    const node = this.#callNode(name, args);
    if (node?.type !== type) throw new Error(`data-plane function ${name} does not return ${type}`);
    return this.typed(node);
  }
  call(name: FunctionName, ...args: readonly Value[]): void {
    this.#callNode(name, args);
  }
  callI32(name: FunctionName, ...args: readonly Value[]): I32 {
    return this.#callValue(name, args, 'i32');
  }
  callI64(name: FunctionName, ...args: readonly Value[]): I64 {
    return this.#callValue(name, args, 'i64');
  }
  callV128(name: FunctionName, ...args: readonly Value[]): V128 {
    return this.#callValue(name, args, 'v128');
  }

  resumeAtNip(): void {
    this.flow.changesContext = true;
    const { main } = this.frame;
    const { ir } = this;
    ir.effect([], '', () => {
      if (!main) {
        ir.i32Const(coldResult.resume);
        ir.return();
        return;
      }
      this.#count(main);
      ir.branch(main.resume);
    });
  }

  synchronise(): void {
    this.setSlot('nip', this.nia());
    this.resumeAtNip();
  }

  leave(code: LeaveCode): void {
    this.flow.leaves = true;
    const main = this.#main();
    const { ir } = this;
    this.setSlot('nip', this.nia());
    ir.effect([], '', () => {
      this.#count(main);
      this.storeBudget(main);
      ir.i32Const(leaveReason[code]);
      ir.return();
    });
  }

  /** Writes the instructions left into the state (record bytes are 16 each). */
  storeBudget(main: MainFrame): void {
    const { ir } = this;
    ir.localGet(this.frame.cpu);
    ir.localGet(main.left);
    ir.i32Const(4);
    ir.code.byte(0x75);
    ir.code.byte(0xac);
    ir.memory(opcode.i64Store, state.budget.offset, 3);
  }
}
