// Builds meanings with fields as constants: control flow, calls of the data plane, floating point in line.
import { slotOffset, state } from '../../cpu/state.ts';
import type { F64, Field, I32, I64, LeaveCode, ProgramReason, V128, Value } from '../../isa/builder.ts';
import { decimalFunctions } from '../../isa/functions/decimal.ts';
import { floatingPointFunctions } from '../../isa/functions/floating-point.ts';
import { type FunctionName, functions } from '../../isa/functions.ts';
import type { ValueType } from '../../isa/value-type.ts';
import type { Importer } from '../import-list.ts';
import type { Mode } from '../interpreter/mode.ts';
import type { Ir } from '../ir/ir.ts';
import { asNode, constantOf, type Node } from '../ir/node.ts';
import { regionResult } from '../leave-reason.ts';
import { prefixedSrr1, programSrr1, writePrefixedMark } from '../operator-builder.ts';
import { codeCalls, endCalls } from '../region-calls.ts';
import { opcode } from '../wasm/memory-operators.ts';
import { AccessBuilder } from './access-builder.ts';
import { writeContextCheck } from './context-check.ts';
import { compareInline, type FusedHelper, type InlineFunction, inlineFunctions, isI64 } from './floating-point.ts';
import { relaxedMultiplyAdd } from './fused-multiply-add.ts';
import { firstEnding, type RegionFrame } from './region-frame.ts';
import { behind, type DecodedInstruction, type RegionInstruction } from './region-instructions.ts';
import { type BranchWriter, NotTranslatable } from './register-builder.ts';
import { localClass, type RegisterLocals } from './register-locals.ts';
import { type VectorFusedHelper, vectorInlineFunctions } from './vector-floating-point.ts';

/** Writes: fast = rounding to nearest, NI clear, XX set. */
export function writeFastTest(ir: Ir, fast: number): void {
  ir.localGet(0);
  ir.memory(opcode.i32Load, slotOffset.fpscr, 2);
  ir.i32Const(0x0200_0007);
  ir.code.byte(0x71);
  ir.i32Const(0x0200_0000);
  ir.code.byte(0x46);
  ir.localSet(fast);
}

/** Implements `Builder` for the translator. */
export class TranslatorBuilder extends AccessBuilder {
  readonly #imports: Importer;
  readonly #branches: BranchWriter;
  /** The instruction has ended the region. */
  #ended = false;

  constructor(
    ir: Ir,
    mode: Mode,
    frame: RegionFrame,
    registers: RegisterLocals,
    imports: Importer,
    branches: BranchWriter,
  ) {
    super(ir, mode, frame, registers);
    this.#imports = imports;
    this.#branches = branches;
  }

  override begin(instruction: RegionInstruction, decoded: DecodedInstruction, remaining: number): void {
    super.begin(instruction, decoded, remaining);
    this.#ended = false;
  }

  // --- flow of control

  protected addressOf(place: number): I64 {
    const { ir } = this;
    const page = ir.local('i64', this.frame.pageEa);
    return this.ea(this.op('i64.add', this.typed<'i64'>(page), this.const(place)));
  }
  cia(): I64 {
    return this.addressOf(this.instruction.at);
  }
  nia(): I64 {
    return this.addressOf(behind(this.instruction));
  }

  branchField(field: Field, absolute: boolean): void {
    const displacement = this.field(field.name);
    const { ir } = this;
    if (absolute) {
      this.branchTo(this.const(displacement));
      return;
    }
    const target = this.instruction.at + displacement;
    ir.effect([], '', () => this.#branches.followBranch(target));
  }
  branchTo(target: I64): void {
    const { ir } = this;
    ir.effect([asNode(this.ea(this.and(target, this.const(-4))))], '', () => {
      ir.localSet(this.frame.next);
      this.#branches.followAddress();
    });
  }

  program(reason: ProgramReason): void {
    const { ir } = this;
    this.writeMemory('', opcode.i32Store, state.exception.offset, this.const32(0x700));
    const mark = this.instruction.prefix === 0 ? 0 : prefixedSrr1;
    this.writeMemory('', opcode.i64Store, state.exceptionSrr1.offset, this.const(programSrr1[reason] | mark));
    ir.effect([], '', () => {
      this.markSite();
      ir.branch(this.frame.raised);
    });
  }

  #callNode(name: FunctionName, args: readonly Value[]): Node | undefined {
    const { ir } = this;
    const signature = functions[name];
    const { prefix } = this.instruction;
    const write = () => {
      ir.call(this.#imports.dataPlane(name));
      this.frame.blockPages.clear();
      if (signature.raises) {
        this.markSite();
        ir.localGet(0);
        ir.memory(opcode.i32Load, state.exception.offset, 2);
        if (prefix === 0) ir.branchIf(this.frame.raised);
        else {
          ir.openIf();
          writePrefixedMark(ir, 0);
          ir.branch(this.frame.raised);
          ir.close();
        }
      }
    };
    const all = [this.cpu(), ...args.map(asNode)];
    if (signature.result) return ir.ordered(signature.result, all, true, write);
    ir.effect(all, '*', write);
    if (codeCalls.has(name)) {
      this.setSlot('nip', this.nia());
      // The interpreter goes on without a look at the budget.
      this.#leaveWhenChanged(regionResult.fallThrough);
    }
    return undefined;
  }
  #callValue<T extends ValueType>(name: FunctionName, args: readonly Value[], type: T): Value<T> {
    const node = this.#callNode(name, args);
    if (node?.type !== type) throw new Error(`data-plane function ${name} does not return ${type}`);
    return this.typed(node);
  }
  /** Functions that read or change FI, FR and FPRF need them in FPSCR; those on vectors leave them alone. */
  #prepareCall(name: FunctionName): void {
    if (name in decimalFunctions || (name in floatingPointFunctions && !name.startsWith('xv'))) this.resolve();
  }
  /** Ends the region with a call that is made when the registers are stored. */
  #end(name: FunctionName, args: readonly Value[]): void {
    const { ir } = this;
    const { endings, next, result, leave } = this.frame;
    const constants = args.map((arg) => {
      const value = constantOf(arg);
      if (value === undefined) throw new NotTranslatable(name);
      return value;
    });
    const known = endings.findIndex((e) => e.name === name && e.args.every((value, i) => value === constants[i]));
    const number = known < 0 ? endings.push({ name, args: constants }) - 1 : known;
    this.#ended = true;
    ir.effect([asNode(this.cia())], '*', () => {
      ir.localSet(next);
      ir.i32Const(firstEnding + number);
      ir.localSet(result);
      ir.branch(leave);
    });
  }
  call(name: FunctionName, ...args: readonly Value[]): void {
    const [first] = args;
    if (name === 'dataCacheBlockZero' && first && isI64(first)) {
      this.zeroBlock(first);
      return;
    }
    if (endCalls.has(name)) {
      this.#end(name, args);
      return;
    }
    if (this.#vectorInline(name, args)) return;
    this.#prepareCall(name);
    this.#callNode(name, args);
  }
  callI32(name: FunctionName, ...args: readonly Value[]): I32 {
    const [x, y] = args;
    if ((name === 'fcmpu' || name === 'fcmpo') && x && y && isI64(x) && isI64(y))
      return this.#compareFloating(name, x, y);
    this.#prepareCall(name);
    return this.#callValue(name, args, 'i32');
  }
  callI64(name: FunctionName, ...args: readonly Value[]): I64 {
    const inline = inlineFunctions[name];
    if (inline) return this.#inline(name, inline, args);
    this.#prepareCall(name);
    return this.#callValue(name, args, 'i64');
  }
  callV128(name: FunctionName, ...args: readonly Value[]): V128 {
    return this.#callValue(name, args, 'v128');
  }

  // --- floating point

  /** Sets what FI, FR and FPRF are to be computed from. */
  #setPending(kind: I64, operands: readonly I64[]): void {
    const names = ['fpA', 'fpB', 'fpC'] as const;
    this.writeHeld(this.registers.pendingOperation('fpKind'), kind);
    operands.forEach((value, i) => {
      const name = names[i];
      if (name) this.writeHeld(this.registers.pendingOperation(name), value);
    });
  }

  /** Before a function that changes parts of FI, FR and FPRF: they must be in FPSCR. */
  protected resolve(): void {
    this.usesFloatingPoint = true;
    const kind = this.registers.pendingOperation('fpKind');
    this.if(this.op('i64.ne', this.readHeld(kind), this.const(0)), () => {
      for (const name of ['fpKind', 'fpA', 'fpB', 'fpC'] as const) {
        const value = this.readHeld(this.registers.pendingOperation(name));
        this.writeMemory('', opcode.i64Store, state[name].offset, value);
      }
      const { ir } = this;
      ir.effect([this.cpu()], '*', () => ir.call(this.#imports.core('resolveFloatingPoint')));
      this.#setPending(this.const(0), []);
    });
  }

  /** After the data plane has raised flags: XX may be set now. */
  #refreshFast(): void {
    const { ir } = this;
    const { fast } = this.frame;
    ir.effect([], localClass(fast), () => writeFastTest(ir, fast));
  }

  #inline(name: FunctionName, inline: InlineFunction, args: readonly Value[]): I64 {
    const { ir } = this;
    this.usesFloatingPoint = true;
    const operands = args.slice(1).filter(isI64);
    const { value, ordinary } = inline.compute(this, operands, (helper, values) => this.#fused(helper, values));
    const result = this.variable('i64');
    this.setLocal(result, value);
    this.#setPending(this.const(inline.kind), operands);
    const { fast } = this.frame;
    const isFast: I32 = this.typed(ir.read('i32', localClass(fast), [], () => ir.localGet(fast)));
    this.if(this.op('i32.eqz', this.op('i32.and', ordinary, isFast)), () => {
      this.setLocal(result, this.#callValue(name, args, 'i64'));
      this.#setPending(this.const(0), []);
      this.#refreshFast();
    });
    return this.readLocal(result);
  }

  /** Does a vector function in line when it has such a form; false when not. */
  #vectorInline(name: FunctionName, args: readonly Value[]): boolean {
    const inline = vectorInlineFunctions[name];
    const target = args[0] && this.referenceOffset.get(asNode(args[0]));
    if (!inline || target === undefined) return false;
    this.usesFloatingPoint = true;
    const operands: V128[] = [];
    let variant = 0;
    for (const arg of args.slice(1)) {
      const offset = this.referenceOffset.get(asNode(arg));
      if (offset === undefined) variant = constantOf(arg) ?? 0;
      else operands.push(this.readMemory('v128', 'vsr', opcode.v128Load, offset));
    }
    const { ir } = this;
    const fused = (helper: VectorFusedHelper, values: readonly V128[]): V128 => {
      if (this.frame.fusesMultiplyAdd)
        return this.#relaxedMultiplyAdd(helper === 'fusedDoubles' ? 'f64x2' : 'f32x4', values);
      return this.typed(
        ir.ordered('v128', [this.cpu(), ...values.map(asNode)], false, () => ir.call(this.#imports.core(helper))),
      );
    };
    const { value, ordinary } = inline.compute(this, operands, variant, fused);
    const { fast } = this.frame;
    const isFast: I32 = this.typed(ir.read('i32', localClass(fast), [], () => ir.localGet(fast)));
    this.if(
      this.op('i32.and', ordinary, isFast),
      () => this.writeMemory('vsr', opcode.v128Store, target, value),
      () => {
        this.#callNode(name, args);
        this.#refreshFast();
      },
    );
    return true;
  }

  #relaxedMultiplyAdd(shape: 'f32x4' | 'f64x2', values: readonly V128[]): V128 {
    const { ir } = this;
    return this.typed(ir.written('v128', values.map(asNode), () => ir.code.bytes(relaxedMultiplyAdd[shape])));
  }

  #fused(helper: FusedHelper, values: readonly F64[]): F64 {
    const { ir } = this;
    if (helper === 'fusedDouble' && this.frame.fusesMultiplyAdd) {
      const vectors = values.map((value): V128 => this.op('f64x2.splat', value));
      const sum = this.#relaxedMultiplyAdd('f64x2', vectors);
      return this.typed(
        ir.written('f64', [asNode(sum)], () => {
          ir.operatorBytes(0xfd21);
          ir.code.byte(0);
        }),
      );
    }
    const node = ir.ordered('f64', [this.cpu(), ...values.map(asNode)], false, () =>
      ir.call(this.#imports.core(helper)),
    );
    return this.typed(node);
  }

  #compareFloating(name: 'fcmpu' | 'fcmpo', x: I64, y: I64): I32 {
    this.usesFloatingPoint = true;
    const { field, ordered } = compareInline(this, x, y);
    const result = this.variable('i32');
    this.setLocal(result, field);
    this.if(
      ordered,
      () => {
        // FPCC alone changes: it is noted behind the operation, if any; kind 255 stands for none.
        const kind = this.registers.pendingOperation('fpKind');
        const operation = this.and(this.readHeld(kind), this.const(0xff));
        const known = this.select<'i64'>(this.eqz(operation), this.const(255), operation);
        this.writeHeld(kind, this.or(known, this.shl(this.zext(field), this.const(8))));
      },
      () => {
        this.resolve();
        this.setLocal(result, this.#callValue(name, [x, y], 'i32'));
      },
    );
    return this.readLocal(result);
  }

  /** Leaves when the call before has changed what the region relies on, or has put another address into nip. */
  resumeAtNip(): void {
    if (!this.#ended) this.#leaveWhenChanged(regionResult.resume);
  }
  #leaveWhenChanged(result: number): void {
    const { ir } = this;
    const { remaining } = this;
    ir.effect([asNode(this.nia())], '*', () => writeContextCheck(ir, this.frame, this, remaining, result));
  }
  synchronise(): void {
    this.setSlot('nip', this.nia());
    this.resumeAtNip();
  }
  leave(_code: LeaveCode): void {
    throw new NotTranslatable('leave');
  }
}
