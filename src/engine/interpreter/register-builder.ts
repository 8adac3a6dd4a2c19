// Builds the registers of meanings with fields as run-time values: every number and immediate is read from the record.
import { slotOffset, state } from '../../cpu/state.ts';
import type { DerivedName, Field, I32, I64, RegisterNumber, V128, Value } from '../../isa/builder.ts';
import type { SlotName } from '../../isa/slots.ts';
import type { ValueType } from '../../isa/value-type.ts';
import type { Ir } from '../ir/ir.ts';
import { asNode, type Node } from '../ir/node.ts';
import { OperatorBuilder } from '../operator-builder.ts';
import type { RecordLayout } from '../record-layout.ts';
import type { FixedValues } from '../variants.ts';
import { opcode } from '../wasm/memory-operators.ts';
import type { Frame } from './frame.ts';
import type { MeaningFlow } from './meaning-flow.ts';
import type { Mode } from './mode.ts';

/** What a builder builds for: the mode, the function that the code goes into, and the record that it reads. */
export interface BuilderPlace {
  readonly mode: Mode;
  readonly frame: Frame;
  readonly layout: RecordLayout;
  /** Values of the row's fixed fields. */
  readonly fixed: FixedValues;
}

/** Implements what `Builder` says of fields and registers; subclasses add memory and the flow of control. */
export abstract class RegisterBuilder extends OperatorBuilder {
  readonly is64: boolean;
  readonly littleEndian: boolean;
  protected readonly frame: Frame;
  protected readonly layout: RecordLayout;
  readonly #fixed: FixedValues;
  /** What the meaning does to the flow of control. */
  readonly flow: MeaningFlow = {
    relative: undefined,
    indirect: false,
    ends: false,
    leaves: false,
    changesContext: false,
    changesTranslation: false,
    storesConditionally: false,
  };

  constructor(ir: Ir, { mode, frame, layout, fixed }: BuilderPlace) {
    super(ir);
    this.is64 = mode.is64;
    this.littleEndian = mode.littleEndian;
    this.frame = frame;
    this.layout = layout;
    this.#fixed = fixed;
  }

  // --- fields

  /** A part of the record, by the memory operator that reads it. */
  protected record(code: number, offset: number, type: ValueType = 'i32'): Node {
    const { ir } = this;
    return ir.written(type, [], () => {
      ir.localGet(this.frame.record);
      ir.memory(code, offset, 0);
    });
  }

  imm(field: Field): I64 {
    const { offset, size, signed } = this.layout.value(field.name);
    if (size === 8) return this.typed(this.record(opcode.i64Load, offset, 'i64'));
    const code =
      size === 2 ? (signed ? opcode.i64Load16S : opcode.i64Load16U) : signed ? opcode.i64Load32S : opcode.i64Load32U;
    return this.typed(this.record(code, offset, 'i64'));
  }
  imm32(field: Field): I32 {
    const { offset, size, signed } = this.layout.value(field.name);
    const code = size === 2 ? (signed ? opcode.i32Load16S : opcode.i32Load16U) : opcode.i32Load;
    return this.typed(this.record(code, offset));
  }
  fixed(field: Field): number {
    const value = this.#fixed[field.name];
    if (value === undefined) throw new Error(`field ${field.name} is not among the row's fixed fields`);
    return value;
  }
  derived(name: DerivedName, a: Field, b?: Field): I64 {
    return this.typed(this.record(opcode.i64Load, this.layout.derived(name, a.name, b?.name), 'i64'));
  }

  // --- state

  /** Address (i32) of state whose offset stands in a 2-byte slot of the record. */
  protected addressOfSlot(slot: number): Node {
    const { ir } = this;
    return ir.written('i32', [], () => {
      ir.localGet(this.frame.cpu);
      ir.localGet(this.frame.record);
      ir.memory(opcode.i32Load16U, slot, 0);
      ir.code.byte(0x6a);
    });
  }
  /** Address of the CPU state itself, with the item's offset given to the memory operator. */
  protected cpu(): Node {
    const { ir } = this;
    return ir.local('i32', this.frame.cpu);
  }

  /** What stands at an address of state, by the memory operator that reads it; `stateClass` says what writes change it. */
  protected readState<T extends ValueType>(
    type: T,
    stateClass: string,
    address: Node,
    code: number,
    offset: number,
  ): Value<T> {
    const { ir } = this;
    return this.typed(ir.readMemory(type, stateClass, code, address, offset));
  }
  /** Writes state at an address by a memory operator. */
  protected writeState(stateClass: string, address: Node, code: number, offset: number, value: Value): void {
    const { ir } = this;
    ir.writeMemory(stateClass, code, address, offset, asNode(value));
  }
  /** A word of the CPU state. */
  protected stateWord(stateClass: string, offset: number): I32 {
    return this.readState('i32', stateClass, this.cpu(), opcode.i32Load, offset);
  }

  /** State address plus (field + step modulo 32) registers: records have no room for every register of a multiple. */
  #steppedAddress(field: Field, step: number, shift: number): Node {
    const number = this.op('i32.and', this.op('i32.add', this.imm32(field), this.const32(step)), this.const32(31));
    return asNode(this.op('i32.add', this.typed<'i32'>(this.cpu()), this.op('i32.shl', number, this.const32(shift))));
  }
  #gprPlace(n: RegisterNumber, step: number): { address: Node; offset: number } {
    if (typeof n === 'number') return { address: this.cpu(), offset: state.gpr.offset + 8 * n };
    if (step !== 0) return { address: this.#steppedAddress(n, step, 3), offset: state.gpr.offset };
    return { address: this.addressOfSlot(this.layout.register('gpr', n.name, 0)), offset: 0 };
  }
  gpr(n: RegisterNumber): I64 {
    const { address, offset } = this.#gprPlace(n, 0);
    return this.readState('i64', 'gpr', address, opcode.i64Load, offset);
  }
  gprOr0(n: Field): I64 {
    return this.readState('i64', 'gpr', this.addressOfSlot(this.layout.gprOrZero(n.name)), opcode.i64Load, 0);
  }
  gprAt(field: Field, step: number): I64 {
    const { address, offset } = this.#gprPlace(field, step);
    return this.readState('i64', 'gpr', address, opcode.i64Load, offset);
  }
  setGpr(n: RegisterNumber, value: I64): void {
    const { address, offset } = this.#gprPlace(n, 0);
    this.writeState('gpr', address, opcode.i64Store, offset, value);
  }
  setGprAt(field: Field, step: number, value: I64): void {
    const { address, offset } = this.#gprPlace(field, step);
    this.writeState('gpr', address, opcode.i64Store, offset, value);
  }

  #vsrPlace(n: RegisterNumber, step: number, base: 0 | 32): { address: Node; offset: number } {
    if (typeof n === 'number') return { address: this.cpu(), offset: state.vsr.offset + 16 * (base + n) };
    if (step !== 0) return { address: this.#steppedAddress(n, step, 4), offset: state.vsr.offset + 16 * base };
    return { address: this.addressOfSlot(this.layout.register('vsr', n.name, base)), offset: 0 };
  }
  fpr(n: RegisterNumber): I64 {
    const { address, offset } = this.#vsrPlace(n, 0, 0);
    return this.readState('i64', 'vsr', address, opcode.i64Load, offset + 8);
  }
  fprAt(field: Field, step: number): I64 {
    const { address, offset } = this.#vsrPlace(field, step, 0);
    return this.readState('i64', 'vsr', address, opcode.i64Load, offset + 8);
  }
  setFpr(n: RegisterNumber, value: I64): void {
    this.setFprAt(n, 0, value);
  }
  setFprAt(n: RegisterNumber, step: number, value: I64): void {
    const { address, offset } = this.#vsrPlace(n, step, 0);
    this.writeState('vsr', address, opcode.i64Store, offset + 8, value);
    this.writeState('vsr', address, opcode.i64Store, offset, this.const(0));
  }
  vsr(n: RegisterNumber): V128 {
    const { address, offset } = this.#vsrPlace(n, 0, 0);
    return this.readState('v128', 'vsr', address, opcode.v128Load, offset);
  }
  setVsr(n: RegisterNumber, value: V128): void {
    const { address, offset } = this.#vsrPlace(n, 0, 0);
    this.writeState('vsr', address, opcode.v128Store, offset, value);
  }
  vsrOfPair(field: Field, which: 0 | 1): V128 {
    const address = this.addressOfSlot(this.layout.register('vsr', field.name, 0, 2));
    return this.readState('v128', 'vsr', address, opcode.v128Load, 16 * which);
  }
  setVsrOfPair(field: Field, which: 0 | 1, value: V128): void {
    const address = this.addressOfSlot(this.layout.register('vsr', field.name, 0, 2));
    this.writeState('vsr', address, opcode.v128Store, 16 * which, value);
  }
  vr(n: RegisterNumber): V128 {
    const { address, offset } = this.#vsrPlace(n, 0, 32);
    return this.readState('v128', 'vsr', address, opcode.v128Load, offset);
  }
  setVr(n: RegisterNumber, value: V128): void {
    const { address, offset } = this.#vsrPlace(n, 0, 32);
    this.writeState('vsr', address, opcode.v128Store, offset, value);
  }
  vsrDoubleword(n: RegisterNumber, which: 0 | 1): I64 {
    const { address, offset } = this.#vsrPlace(n, 0, 0);
    return this.readState('i64', 'vsr', address, opcode.i64Load, offset + (which === 0 ? 8 : 0));
  }
  #reference(n: RegisterNumber, base: 0 | 32): I32 {
    const { address, offset } = this.#vsrPlace(n, 0, base);
    return offset === 0 ? this.typed(address) : this.op('i32.add', this.typed<'i32'>(address), this.const32(offset));
  }
  vsrRef(n: RegisterNumber): I32 {
    return this.#reference(n, 0);
  }
  vrRef(n: RegisterNumber): I32 {
    return this.#reference(n, 32);
  }

  vsrPairRef(field: Field): I32 {
    return this.typed(this.addressOfSlot(this.layout.register('vsr', field.name, 0, 2)));
  }
  accumulatorRef(field: Field): I32 {
    return this.typed(this.addressOfSlot(this.layout.register('vsr', field.name, 0, 4)));
  }

  floatingPointException(): I32 {
    const fpscr = this.readState('i32', 'slot:fpscr', this.cpu(), opcode.i32Load, slotOffset.fpscr);
    return this.op('i32.and', fpscr, this.const32(0x4000_0000));
  }
  slot(name: SlotName): I64 {
    if (name === 'fpscr') this.flow.leaves = true;
    return this.readState('i64', `slot:${name}`, this.cpu(), opcode.i64Load, slotOffset[name]);
  }
  setSlot(name: SlotName, value: I64): void {
    this.writeState(`slot:${name}`, this.cpu(), opcode.i64Store, slotOffset[name], value);
  }
  #sprAddress(field: Field): Node {
    const offset = this.record(opcode.i32Load, this.layout.derived('sprOffset', field.name, undefined));
    return asNode(this.op('i32.add', this.typed<'i32'>(this.cpu()), this.typed<'i32'>(offset)));
  }
  sprAt(field: Field): I64 {
    return this.readState('i64', 'spr', this.#sprAddress(field), opcode.i64Load, 0);
  }
  setSprAt(field: Field, value: I64): void {
    this.writeState('*', this.#sprAddress(field), opcode.i64Store, 0, value);
  }

  #crFieldPlace(n: RegisterNumber): { address: Node; offset: number } {
    if (typeof n === 'number') return { address: this.cpu(), offset: state.cr.offset + n };
    return { address: this.addressOfSlot(this.layout.crField(n.name)), offset: 0 };
  }
  crField(n: RegisterNumber): I32 {
    const { address, offset } = this.#crFieldPlace(n);
    return this.readState('i32', 'cr', address, opcode.i32Load8U, offset);
  }
  setCrField(n: RegisterNumber, value: I32): void {
    const { address, offset } = this.#crFieldPlace(n);
    this.writeState('cr', address, opcode.i32Store8, offset, value);
  }
  #crBitPlace(n: RegisterNumber): { address: Node; offset: number; shift: I32 } {
    if (typeof n === 'number') {
      return { address: this.cpu(), offset: state.cr.offset + (n >> 2), shift: this.const32(3 - (n & 3)) };
    }
    const slots = this.layout.crBit(n.name);
    return {
      address: this.addressOfSlot(slots.offset),
      offset: 0,
      shift: this.typed(this.record(opcode.i32Load16U, slots.shift)),
    };
  }
  crBit(n: RegisterNumber): I32 {
    const { address, offset, shift } = this.#crBitPlace(n);
    const field = this.readState('i32', 'cr', address, opcode.i32Load8U, offset);
    return this.op('i32.and', this.op('i32.shr_u', field, shift), this.const32(1));
  }
  setCrBit(n: RegisterNumber, value: I32): void {
    const { address, offset, shift } = this.#crBitPlace(n);
    const field = this.readState('i32', 'cr', address, opcode.i32Load8U, offset);
    const cleared = this.op(
      'i32.and',
      field,
      this.op('i32.xor', this.op('i32.shl', this.const32(1), shift), this.const32(-1)),
    );
    this.writeState(
      'cr',
      address,
      opcode.i32Store8,
      offset,
      this.op('i32.or', cleared, this.op('i32.shl', value, shift)),
    );
  }
}
