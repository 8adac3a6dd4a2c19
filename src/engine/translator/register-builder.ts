// Builds the registers of meanings with fields as constants: in locals, or in the CPU state.
import { slotOffset, sprOffset, state } from '../../cpu/state.ts';
import type { DerivedName, Field, I32, I64, RegisterNumber, V128, Value } from '../../isa/builder.ts';
import type { FieldName } from '../../isa/field.ts';
import type { SlotName } from '../../isa/slots.ts';
import type { ValueType } from '../../isa/value-type.ts';
import type { Mode } from '../interpreter/mode.ts';
import type { Ir } from '../ir/ir.ts';
import { asNode, type Node } from '../ir/node.ts';
import { OperatorBuilder } from '../operator-builder.ts';
import { derive } from '../record-layout.ts';
import type { FixedValues, PreparedRow } from '../variants.ts';
import { opcode } from '../wasm/memory-operators.ts';
import { parameter, type RegionFrame } from './region-frame.ts';
import type { DecodedInstruction, RegionInstruction } from './region-instructions.ts';
import { type HeldItem, localClass, type RegisterLocals } from './register-locals.ts';

/** A value in a local. */
export type PlacedItem<T extends 'i32' | 'i64' = 'i32' | 'i64'> = Pick<HeldItem<T>, 'local' | 'type' | 'stateClass'>;

/** Thrown when an instruction can't be part of a region; the region ends before it. */
export class NotTranslatable extends Error {}

/** Writes the branches of the instruction that is being translated. */
export interface BranchWriter {
  /** To a place: inside the region or out of it. */
  followBranch(target: number): void;
  /** To the address in the frame's `next`. */
  followAddress(): void;
}

/** Slots that data-plane functions read or write: they stay in memory. */
const inMemory: ReadonlySet<SlotName> = new Set<SlotName>(['fpscr', 'vscr', 'tar']);

/** A comparison that produced a CR field in this block. */
interface Comparison {
  readonly x: number;
  readonly y: number;
  readonly signed: boolean;
}

/** Fields and registers. */
export abstract class RegisterBuilder extends OperatorBuilder {
  readonly is64: boolean;
  readonly littleEndian: boolean;
  protected readonly frame: RegionFrame;
  protected readonly registers: RegisterLocals;
  /** The instruction that is being translated, and what is known of it: `begin` sets them, before any meaning is built. */
  protected instruction!: RegionInstruction;
  protected remaining = 0;
  #prepared!: PreparedRow;
  #fixed!: FixedValues;
  /** The region does floating-point arithmetic: it must be entered with all exceptions disabled. */
  usesFloatingPoint = false;
  /** The comparison that the present instruction has made last. */
  #compared: { readonly value: Value; readonly x: I64; readonly y: I64; readonly signed: boolean } | undefined;
  readonly #comparisons = new Map<number, Comparison>();
  readonly #comparisonLocals = new Map<number, { x: number; y: number }>();
  /** State offsets of the VSR references of the present instruction. */
  protected readonly referenceOffset = new Map<Node, number>();

  constructor(ir: Ir, mode: Mode, frame: RegionFrame, registers: RegisterLocals) {
    super(ir);
    this.is64 = mode.is64;
    this.littleEndian = mode.littleEndian;
    this.frame = frame;
    this.registers = registers;
  }

  /**
   * Sets the instruction that the following meaning is for.
   * @param remaining instructions of the block from this one on: what is given back when it is not completed
   */
  begin(instruction: RegionInstruction, { prepared, fixed }: DecodedInstruction, remaining: number): void {
    this.#compared = undefined;
    this.frame.blockPages.begin();
    if (this.referenceOffset.size > 0) this.referenceOffset.clear();
    this.instruction = instruction;
    this.remaining = remaining;
    this.#prepared = prepared;
    this.#fixed = fixed;
  }

  /** Where control may come from elsewhere nothing is known of how CR fields came to be, or of what locals hold. */
  beginStretch(): void {
    this.#comparisons.clear();
    this.registers.beginStretch();
  }

  /** Before a function that reads or changes parts of FI, FR and FPRF: they must be in FPSCR. */
  protected abstract resolve(): void;

  // --- fields

  protected field(name: FieldName): number {
    return this.#prepared.field(name, this.instruction.word, this.instruction.prefix);
  }
  protected number(n: RegisterNumber, step = 0): number {
    if (typeof n === 'number') return n;
    const { word, prefix } = this.instruction;
    const value = this.#prepared.field(n.name, word, prefix);
    return step === 0 ? value : (value + step) & 31;
  }
  imm(field: Field): I64 {
    return this.const(this.field(field.name));
  }
  imm32(field: Field): I32 {
    return this.const32(this.field(field.name));
  }
  fixed(field: Field): number {
    const value = this.#fixed[field.name];
    if (value === undefined) throw new Error(`field ${field.name} is not among the row's fixed fields`);
    return value;
  }
  derived(name: DerivedName, a: Field, b?: Field): I64 {
    return this.const(BigInt.asIntN(64, derive[name](this.field(a.name), b ? this.field(b.name) : undefined)));
  }

  // --- registers in locals

  protected readLocal<T extends 'i32' | 'i64'>(item: PlacedItem<T>): Value<T> {
    return this.ir.readLocal(item.type, item.stateClass, item.local);
  }
  protected readHeld<T extends 'i32' | 'i64'>(item: HeldItem<T>): Value<T> {
    if (item.present) return this.readLocal(item);
    const { ir } = this;
    const { type, stateClass, load, offset, local } = item;
    const content = ir.readMemory(type, stateClass, load, parameter.cpu, offset);
    // What one way through an instruction loads, another one does not have.
    if (ir.nested) return content;
    // The state is the same, though it is in another place.
    ir.setLocal('', local, content);
    item.present = true;
    return this.readLocal(item);
  }
  protected writeHeld(item: HeldItem, value: Value): void {
    const { ir } = this;
    item.written = true;
    if (!this.registers.inMemory) {
      this.setLocal(item, value);
      return;
    }
    const { stateClass, store, offset } = item;
    if (!ir.nested) item.present = true;
    if (item.present) this.setLocal(item, value);
    const stored = item.present ? this.readLocal(item) : value;
    ir.writeMemory(stateClass, store, parameter.cpu, offset, asNode(stored));
  }
  protected setLocal(item: PlacedItem, value: Value): void {
    this.ir.setLocal(item.stateClass, item.local, asNode(value));
  }
  /** A local of this instruction's own that more than one path writes. */
  protected variable<T extends 'i32' | 'i64'>(type: T): PlacedItem<T> {
    const local = this.ir.locals.take(type);
    return { local, type, stateClass: localClass(local) };
  }
  gpr(n: RegisterNumber): I64 {
    return this.readHeld(this.registers.gpr(this.number(n)));
  }
  gprOr0(n: Field): I64 {
    const number = this.number(n);
    return number === 0 ? this.const(0) : this.gpr(number);
  }
  gprAt(field: Field, step: number): I64 {
    return this.gpr(this.number(field, step));
  }
  setGpr(n: RegisterNumber, value: I64): void {
    this.writeHeld(this.registers.gpr(this.number(n)), value);
  }
  setGprAt(field: Field, step: number, value: I64): void {
    this.setGpr(this.number(field, step), value);
  }
  floatingPointException(): I32 {
    // A region runs with all floating-point exceptions disabled or not at all, so that FEX stays 0.
    this.usesFloatingPoint = true;
    return this.const32(0);
  }
  slot(name: SlotName): I64 {
    if (name === 'msr') return this.readMemory('i64', 'msr', opcode.i64Load, state.msr.offset);
    if (name === 'nip') throw new NotTranslatable('nip');
    if (name === 'fpscr') this.resolve();
    if (inMemory.has(name)) return this.readMemory('i64', `slot:${name}`, opcode.i64Load, slotOffset[name]);
    return this.readHeld(this.registers.slot(name));
  }
  setSlot(name: SlotName, value: I64): void {
    if (name === 'msr') throw new NotTranslatable(name);
    if (name === 'nip') {
      this.writeMemory('slot:nip', opcode.i64Store, slotOffset.nip, value);
      return;
    }
    if (name === 'fpscr') this.resolve();
    if (inMemory.has(name)) {
      this.writeMemory(`slot:${name}`, opcode.i64Store, slotOffset[name], value);
      return;
    }
    this.writeHeld(this.registers.slot(name), value);
  }
  crField(n: RegisterNumber): I32 {
    return this.readHeld(this.registers.crField(this.number(n)));
  }
  setCrField(n: RegisterNumber, value: I32): void {
    const field = this.number(n);
    const comparison = this.#compared?.value === value ? this.#compared : undefined;
    this.writeHeld(this.registers.crField(field), value);
    this.#comparisons.delete(field);
    if (comparison) this.#remember(field, comparison);
  }
  #remember(field: number, { x, y, signed }: { x: I64; y: I64; signed: boolean }): void {
    const { ir } = this;
    let locals = this.#comparisonLocals.get(field);
    if (!locals) {
      locals = { x: ir.locals.keep('i64'), y: ir.locals.keep('i64') };
      this.#comparisonLocals.set(field, locals);
    }
    const { x: xLocal, y: yLocal } = locals;
    ir.setLocal(localClass(xLocal), xLocal, asNode(x));
    ir.setLocal(localClass(yLocal), yLocal, asNode(y));
    this.#comparisons.set(field, { x: xLocal, y: yLocal, signed });
  }
  override compare(x: I64, y: I64, signed: boolean): I32 {
    const value = super.compare(x, y, signed);
    this.#compared = { value, x, y, signed };
    return value;
  }
  crBit(n: RegisterNumber): I32 {
    const bit = this.number(n);
    const known = this.#comparisons.get(bit >> 2);
    if (known && (bit & 3) !== 3) {
      const x = this.readLocal({ local: known.x, type: 'i64', stateClass: localClass(known.x) });
      const y = this.readLocal({ local: known.y, type: 'i64', stateClass: localClass(known.y) });
      if ((bit & 3) === 2) return this.eq(x, y);
      if ((bit & 3) === 0) return known.signed ? this.ltS(x, y) : this.ltU(x, y);
      return known.signed ? this.gtS(x, y) : this.gtU(x, y);
    }
    const shifted = this.op('i32.shr_u', this.crField(bit >> 2), this.const32(3 - (bit & 3)));
    return this.op('i32.and', shifted, this.const32(1));
  }
  setCrBit(n: RegisterNumber, value: I32): void {
    const bit = this.number(n);
    const mask = 8 >> (bit & 3);
    const cleared = this.op('i32.and', this.crField(bit >> 2), this.const32(15 - mask));
    this.setCrField(bit >> 2, this.op('i32.or', cleared, this.op('i32.shl', value, this.const32(3 - (bit & 3)))));
  }

  // --- state in memory

  protected cpu(): Node {
    return this.ir.local('i32', parameter.cpu);
  }
  protected readMemory<T extends ValueType>(type: T, stateClass: string, code: number, offset: number): Value<T> {
    return this.ir.readMemory(type, stateClass, code, parameter.cpu, offset);
  }
  protected writeMemory(stateClass: string, code: number, offset: number, value: Value): void {
    this.ir.writeMemory(stateClass, code, parameter.cpu, offset, asNode(value));
  }
  #vsrOffset(n: RegisterNumber, step: number, base: number): number {
    return state.vsr.offset + 16 * (base + this.number(n, step));
  }
  fpr(n: RegisterNumber): I64 {
    return this.readMemory('i64', 'vsr', opcode.i64Load, this.#vsrOffset(n, 0, 0) + 8);
  }
  fprAt(field: Field, step: number): I64 {
    return this.readMemory('i64', 'vsr', opcode.i64Load, this.#vsrOffset(field, step, 0) + 8);
  }
  setFpr(n: RegisterNumber, value: I64): void {
    this.#setFprAtOffset(this.#vsrOffset(n, 0, 0), value);
  }
  setFprAt(field: Field, step: number, value: I64): void {
    this.#setFprAtOffset(this.#vsrOffset(field, step, 0), value);
  }
  #setFprAtOffset(offset: number, value: I64): void {
    this.writeMemory('vsr', opcode.i64Store, offset + 8, value);
    this.writeMemory('vsr', opcode.i64Store, offset, this.const(0));
  }
  vsr(n: RegisterNumber): V128 {
    return this.readMemory('v128', 'vsr', opcode.v128Load, this.#vsrOffset(n, 0, 0));
  }
  setVsr(n: RegisterNumber, value: V128): void {
    this.writeMemory('vsr', opcode.v128Store, this.#vsrOffset(n, 0, 0), value);
  }
  vsrOfPair(field: Field, which: 0 | 1): V128 {
    return this.vsr(2 * this.field(field.name) + which);
  }
  setVsrOfPair(field: Field, which: 0 | 1, value: V128): void {
    this.setVsr(2 * this.field(field.name) + which, value);
  }
  vr(n: RegisterNumber): V128 {
    return this.readMemory('v128', 'vsr', opcode.v128Load, this.#vsrOffset(n, 0, 32));
  }
  setVr(n: RegisterNumber, value: V128): void {
    this.writeMemory('vsr', opcode.v128Store, this.#vsrOffset(n, 0, 32), value);
  }
  vsrDoubleword(n: RegisterNumber, which: 0 | 1): I64 {
    return this.readMemory('i64', 'vsr', opcode.i64Load, this.#vsrOffset(n, 0, 0) + (which === 0 ? 8 : 0));
  }
  #reference(n: RegisterNumber, base: number): I32 {
    const offset = this.#vsrOffset(n, 0, base);
    const reference = this.op('i32.add', this.typed<'i32'>(this.cpu()), this.const32(offset));
    this.referenceOffset.set(asNode(reference), offset);
    return reference;
  }
  vsrRef(n: RegisterNumber): I32 {
    return this.#reference(n, 0);
  }
  vrRef(n: RegisterNumber): I32 {
    return this.#reference(n, 32);
  }
  vsrPairRef(field: Field): I32 {
    return this.vsrRef(2 * this.field(field.name));
  }
  accumulatorRef(field: Field): I32 {
    return this.vsrRef(4 * this.field(field.name));
  }
  sprAt(field: Field): I64 {
    return this.readMemory('i64', 'spr', opcode.i64Load, sprOffset(this.field(field.name)));
  }
  setSprAt(field: Field, value: I64): void {
    this.writeMemory('spr', opcode.i64Store, sprOffset(this.field(field.name)), value);
  }
}
