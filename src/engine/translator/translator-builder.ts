// Builds meanings with fields as constants: registers in locals, immediates folded, misses and faults leave the region.
import { slotOffset, sprOffset, state } from '../../cpu/state.ts';
import type {
  AccessSize,
  DerivedName,
  F64,
  Field,
  I32,
  I64,
  LeaveCode,
  ProgramReason,
  RegisterNumber,
  V128,
  Value,
} from '../../isa/builder.ts';
import type { FieldName } from '../../isa/field.ts';
import { decimalFunctions } from '../../isa/functions/decimal.ts';
import { floatingPointFunctions } from '../../isa/functions/floating-point.ts';
import { type FunctionName, functions } from '../../isa/functions.ts';
import type { SlotName } from '../../isa/slots.ts';
import type { ValueType } from '../../isa/value-type.ts';
import type { Importer, Mode } from '../interpreter/interpreter-builder.ts';
import type { Ir } from '../ir/ir.ts';
import { asNode, constantOf, type Node } from '../ir/node.ts';
import { regionResult } from '../leave-reason.ts';
import { memoryLanes } from '../memory-lanes.ts';
import { OperatorBuilder, prefixedSrr1, programSrr1, writePrefixedMark } from '../operator-builder.ts';
import { derive } from '../record-layout.ts';
import { codeCalls, endCalls } from '../region-calls.ts';
import type { PreparedRow } from '../variants.ts';
import { opcode } from '../wasm/memory-operators.ts';
import { operatorCode } from '../wasm/opcodes.ts';
import { writeContextCheck } from './context-check.ts';
import { compareInline, type FusedHelper, type InlineFunction, inlineFunctions, isI64 } from './floating-point.ts';
import { behind } from './flow-graph.ts';
import { relaxedMultiplyAdd } from './fused-multiply-add.ts';
import { type AddressBase, writeProbe } from './probe.ts';
import { firstEnding, type RegionFrame, writeSite } from './region-frame.ts';
import { type HeldItem, localClass, type RegisterLocals } from './register-locals.ts';
import { type VectorFusedHelper, vectorInlineFunctions } from './vector-floating-point.ts';

/** A value in a local. */
type PlacedItem = Pick<HeldItem, 'local' | 'type' | 'stateClass'>;

/** Thrown when an instruction can't be part of a region; the region ends before it. */
export class NotTranslatable extends Error {}

/** The instruction that is being translated. */
export interface CurrentInstruction {
  /** The suffix of a prefixed instruction. */
  readonly word: number;
  /** 0 for others than prefixed instructions. */
  readonly prefix: number;
  readonly prepared: PreparedRow;
  readonly fixed: Readonly<Record<string, number>>;
  /** Distance from the region's page in bytes. */
  readonly at: number;
  /** Instructions of the block from this one on: what is given back when it is not completed. */
  readonly remaining: number;
  /** Writes the branch to a place: inside the region or out of it. */
  readonly followBranch: (target: number) => void;
  /** Writes the branch to the address in the frame's `next`. */
  readonly followAddress: () => void;
}

const addCode = operatorCode('i64.add');

/** Bytes that dcbz sets to zero. */
const cacheBlockBytes = 128;

/** Slots that data-plane functions read or write: they stay in memory. */
const inMemory: ReadonlySet<SlotName> = new Set<SlotName>(['fpscr', 'vscr', 'tar']);

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

/** A comparison that produced a CR field in this block. */
interface Comparison {
  readonly x: number;
  readonly y: number;
  readonly signed: boolean;
}

/** Implements `Builder` for the translator. */
export class TranslatorBuilder extends OperatorBuilder {
  readonly is64: boolean;
  readonly littleEndian: boolean;
  readonly #frame: RegionFrame;
  readonly #registers: RegisterLocals;
  readonly #imports: Importer;
  /** The region does floating-point arithmetic: it must be entered with all exceptions disabled. */
  usesFloatingPoint = false;
  #now: CurrentInstruction | undefined;
  /** The instruction has ended the region. */
  #ended = false;
  /** The comparison that the present instruction has made last. */
  #compared: { readonly value: Value; readonly x: I64; readonly y: I64; readonly signed: boolean } | undefined;
  readonly #comparisons = new Map<number, Comparison>();
  /** State offsets of the VSR references of the present instruction. */
  readonly #referenceOffset = new Map<Node, number>();
  readonly #comparisonLocals = new Map<number, { x: number; y: number }>();

  constructor(ir: Ir, mode: Mode, frame: RegionFrame, registers: RegisterLocals, imports: Importer) {
    super(ir);
    this.is64 = mode.is64;
    this.littleEndian = mode.littleEndian;
    this.#frame = frame;
    this.#registers = registers;
    this.#imports = imports;
  }

  /** Sets the instruction that the following meaning is for. */
  begin(instruction: CurrentInstruction): void {
    this.#ended = false;
    this.#compared = undefined;
    if (this.#referenceOffset.size > 0) this.#referenceOffset.clear();
    this.#now = instruction;
  }

  /** Where control may come from elsewhere nothing is known of how CR fields came to be, or of what locals hold. */
  beginStretch(): void {
    this.#comparisons.clear();
    this.#registers.beginStretch();
  }

  get #instruction(): CurrentInstruction {
    if (!this.#now) throw new Error('no instruction is being translated');
    return this.#now;
  }

  // --- fields

  #field(name: FieldName): number {
    const { prepared, word, prefix } = this.#instruction;
    return prepared.field(name, word, prefix);
  }
  #number(n: RegisterNumber, step = 0): number {
    return typeof n === 'number' ? n : step === 0 ? this.#field(n.name) : (this.#field(n.name) + step) & 31;
  }
  imm(field: Field): I64 {
    return this.const(this.#field(field.name));
  }
  imm32(field: Field): I32 {
    return this.const32(this.#field(field.name));
  }
  fixed(field: Field): number {
    const value = this.#instruction.fixed[field.name];
    if (value === undefined) throw new Error(`field ${field.name} is not among the row's fixed fields`);
    return value;
  }
  derived(name: DerivedName, a: Field, b?: Field): I64 {
    return this.const(BigInt.asIntN(64, derive[name](this.#field(a.name), b ? this.#field(b.name) : undefined)));
  }

  // --- registers in locals

  #readLocal<T extends 'i32' | 'i64'>(item: PlacedItem): Value<T> {
    const { ir } = this;
    return this.typed(ir.read(item.type, item.stateClass, [], () => ir.localGet(item.local)));
  }
  #readHeld<T extends 'i32' | 'i64'>(item: HeldItem): Value<T> {
    if (item.present) return this.#readLocal(item);
    const { ir } = this;
    const { type, stateClass, load, offset, local } = item;
    const content = ir.read(type, stateClass, [this.#cpu()], () => ir.memory(load, offset, 0));
    // What one way through an instruction loads, another one does not have.
    if (ir.nested) return this.typed(content);
    ir.effect([content], '', () => ir.localSet(local));
    item.present = true;
    return this.#readLocal(item);
  }
  #writeHeld(item: HeldItem, value: Value): void {
    const { ir } = this;
    item.written = true;
    if (!this.#registers.inMemory) {
      this.#setLocal(item, value);
      return;
    }
    const { stateClass, store, offset } = item;
    if (!ir.nested) item.present = true;
    if (item.present) this.#setLocal(item, value);
    const stored = item.present ? this.#readLocal(item) : value;
    ir.effect([this.#cpu(), asNode(stored)], stateClass, () => {
      ir.memory(store, offset, 0);
      this.#frame.blockPages.changed(stateClass);
    });
  }
  #setLocal(item: PlacedItem, value: Value): void {
    const { ir } = this;
    ir.effect([asNode(value)], item.stateClass, () => {
      ir.localSet(item.local);
      this.#frame.blockPages.changed(item.stateClass);
    });
  }
  /** A local of this instruction's own that more than one path writes. */
  #variable(type: 'i32' | 'i64'): PlacedItem {
    const local = this.ir.locals.take(type);
    return { local, type, stateClass: localClass(local) };
  }
  gpr(n: RegisterNumber): I64 {
    return this.#readHeld(this.#registers.gpr(this.#number(n)));
  }
  gprOr0(n: Field): I64 {
    const number = this.#number(n);
    return number === 0 ? this.const(0) : this.gpr(number);
  }
  gprAt(field: Field, step: number): I64 {
    return this.gpr(this.#number(field, step));
  }
  setGpr(n: RegisterNumber, value: I64): void {
    this.#writeHeld(this.#registers.gpr(this.#number(n)), value);
  }
  setGprAt(field: Field, step: number, value: I64): void {
    this.setGpr(this.#number(field, step), value);
  }
  floatingPointException(): I32 {
    // A region runs with all floating-point exceptions disabled or not at all, so that FEX stays 0.
    this.usesFloatingPoint = true;
    return this.const32(0);
  }
  slot(name: SlotName): I64 {
    if (name === 'msr') return this.#readMemory('i64', 'msr', opcode.i64Load, state.msr.offset);
    if (name === 'nip') throw new NotTranslatable('nip');
    if (name === 'fpscr') this.#resolve();
    if (inMemory.has(name)) return this.#readMemory('i64', `slot:${name}`, opcode.i64Load, slotOffset[name]);
    return this.#readHeld(this.#registers.slot(name));
  }
  setSlot(name: SlotName, value: I64): void {
    if (name === 'msr') throw new NotTranslatable(name);
    if (name === 'nip') {
      this.#writeMemory('slot:nip', opcode.i64Store, slotOffset.nip, value);
      return;
    }
    if (name === 'fpscr') this.#resolve();
    if (inMemory.has(name)) {
      this.#writeMemory(`slot:${name}`, opcode.i64Store, slotOffset[name], value);
      return;
    }
    this.#writeHeld(this.#registers.slot(name), value);
  }
  crField(n: RegisterNumber): I32 {
    return this.#readHeld(this.#registers.crField(this.#number(n)));
  }
  setCrField(n: RegisterNumber, value: I32): void {
    const field = this.#number(n);
    const comparison = this.#compared?.value === value ? this.#compared : undefined;
    this.#writeHeld(this.#registers.crField(field), value);
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
    ir.effect([asNode(x)], localClass(xLocal), () => ir.localSet(xLocal));
    ir.effect([asNode(y)], localClass(yLocal), () => ir.localSet(yLocal));
    this.#comparisons.set(field, { x: xLocal, y: yLocal, signed });
  }
  override compare(x: I64, y: I64, signed: boolean): I32 {
    const value = super.compare(x, y, signed);
    this.#compared = { value, x, y, signed };
    return value;
  }
  crBit(n: RegisterNumber): I32 {
    const bit = this.#number(n);
    const known = this.#comparisons.get(bit >> 2);
    if (known && (bit & 3) !== 3) {
      const x = this.#readLocal<'i64'>({ local: known.x, type: 'i64', stateClass: localClass(known.x) });
      const y = this.#readLocal<'i64'>({ local: known.y, type: 'i64', stateClass: localClass(known.y) });
      if ((bit & 3) === 2) return this.eq(x, y);
      if ((bit & 3) === 0) return known.signed ? this.ltS(x, y) : this.ltU(x, y);
      return known.signed ? this.gtS(x, y) : this.gtU(x, y);
    }
    const shifted = this.op('i32.shr_u', this.crField(bit >> 2), this.const32(3 - (bit & 3)));
    return this.op('i32.and', shifted, this.const32(1));
  }
  setCrBit(n: RegisterNumber, value: I32): void {
    const bit = this.#number(n);
    const mask = 8 >> (bit & 3);
    const cleared = this.op('i32.and', this.crField(bit >> 2), this.const32(15 - mask));
    this.setCrField(bit >> 2, this.op('i32.or', cleared, this.op('i32.shl', value, this.const32(3 - (bit & 3)))));
  }

  // --- state in memory

  #cpu(): Node {
    const { ir } = this;
    return ir.written('i32', [], () => ir.localGet(0));
  }
  #readMemory<T extends ValueType>(type: T, stateClass: string, code: number, offset: number): Value<T> {
    const { ir } = this;
    return this.typed(ir.read(type, stateClass, [this.#cpu()], () => ir.memory(code, offset, 0)));
  }
  #writeMemory(stateClass: string, code: number, offset: number, value: Value): void {
    const { ir } = this;
    ir.effect([this.#cpu(), asNode(value)], stateClass, () => ir.memory(code, offset, 0));
  }
  #vsrOffset(n: RegisterNumber, step: number, base: number): number {
    return state.vsr.offset + 16 * (base + this.#number(n, step));
  }
  fpr(n: RegisterNumber): I64 {
    return this.#readMemory('i64', 'vsr', opcode.i64Load, this.#vsrOffset(n, 0, 0) + 8);
  }
  fprAt(field: Field, step: number): I64 {
    return this.#readMemory('i64', 'vsr', opcode.i64Load, this.#vsrOffset(field, step, 0) + 8);
  }
  setFpr(n: RegisterNumber, value: I64): void {
    this.#setFprAtOffset(this.#vsrOffset(n, 0, 0), value);
  }
  setFprAt(field: Field, step: number, value: I64): void {
    this.#setFprAtOffset(this.#vsrOffset(field, step, 0), value);
  }
  #setFprAtOffset(offset: number, value: I64): void {
    this.#writeMemory('vsr', opcode.i64Store, offset + 8, value);
    this.#writeMemory('vsr', opcode.i64Store, offset, this.const(0));
  }
  vsr(n: RegisterNumber): V128 {
    return this.#readMemory('v128', 'vsr', opcode.v128Load, this.#vsrOffset(n, 0, 0));
  }
  setVsr(n: RegisterNumber, value: V128): void {
    this.#writeMemory('vsr', opcode.v128Store, this.#vsrOffset(n, 0, 0), value);
  }
  vsrOfPair(field: Field, which: 0 | 1): V128 {
    return this.vsr(2 * this.#field(field.name) + which);
  }
  setVsrOfPair(field: Field, which: 0 | 1, value: V128): void {
    this.setVsr(2 * this.#field(field.name) + which, value);
  }
  vr(n: RegisterNumber): V128 {
    return this.#readMemory('v128', 'vsr', opcode.v128Load, this.#vsrOffset(n, 0, 32));
  }
  setVr(n: RegisterNumber, value: V128): void {
    this.#writeMemory('vsr', opcode.v128Store, this.#vsrOffset(n, 0, 32), value);
  }
  vsrDoubleword(n: RegisterNumber, which: 0 | 1): I64 {
    return this.#readMemory('i64', 'vsr', opcode.i64Load, this.#vsrOffset(n, 0, 0) + (which === 0 ? 8 : 0));
  }
  #reference(n: RegisterNumber, base: number): I32 {
    const offset = this.#vsrOffset(n, 0, base);
    const reference = this.op('i32.add', this.typed<'i32'>(this.#cpu()), this.const32(offset));
    this.#referenceOffset.set(asNode(reference), offset);
    return reference;
  }
  vsrRef(n: RegisterNumber): I32 {
    return this.#reference(n, 0);
  }
  vrRef(n: RegisterNumber): I32 {
    return this.#reference(n, 32);
  }
  vsrPairRef(field: Field): I32 {
    return this.vsrRef(2 * this.#field(field.name));
  }
  accumulatorRef(field: Field): I32 {
    return this.vsrRef(4 * this.#field(field.name));
  }
  sprAt(field: Field): I64 {
    return this.#readMemory('i64', 'spr', opcode.i64Load, sprOffset(this.#field(field.name)));
  }
  setSprAt(field: Field, value: I64): void {
    this.#writeMemory('spr', opcode.i64Store, sprOffset(this.#field(field.name)), value);
  }

  // --- memory accesses

  #ea(ea: I64): I64 {
    return this.is64 ? ea : this.ext32u(ea);
  }

  /** Remembers which instruction is about to do something that can leave: page offset, instructions to give back. */
  #markSite(): void {
    const { at, remaining } = this.#instruction;
    writeSite(this.ir, this.#frame, at, remaining);
  }

  /** The register off which an address is made; undefined when there is none. */
  #baseOf(ea: Node): AddressBase | undefined {
    const [base, displacement] = ea.args;
    const displaced =
      ea.kind === 'read' || (ea.code === addCode && base?.kind === 'read' && displacement?.kind === 'const');
    for (let node: Node | undefined = ea; node; node = node.args[0]) {
      if (node.kind === 'read') return { stateClass: node.stateClass, displaced };
    }
    return undefined;
  }

  #probe(size: number, write: boolean, base: AddressBase | undefined): void {
    this.#markSite();
    writeProbe(this.ir, this.#frame, size, write, base);
  }

  load(size: AccessSize, ea: I64, options: { readonly signed?: boolean; readonly reverse?: boolean } = {}): I64 {
    const { ir } = this;
    const swap = size > 1 && this.littleEndian === (options.reverse === true);
    const narrow = options.signed && !swap && size < 8;
    const address = asNode(this.#ea(ea));
    const base = this.#baseOf(address);
    const raw = ir.ordered('i64', [address], false, () => {
      this.#probe(size, false, base);
      ir.memory(narrow ? opcode.i64LoadSignedBySize[size] : opcode.i64LoadBySize[size], 0, 0);
    });
    const value: I64 = this.typed(raw);
    if (!swap) return value;
    const swapped = this.byteReverse(size === 1 ? 2 : size, value);
    if (!options.signed) return swapped;
    return size === 2 ? this.ext16s(swapped) : size === 4 ? this.ext32s(swapped) : swapped;
  }

  store(size: AccessSize, ea: I64, value: I64, options: { readonly reverse?: boolean } = {}): void {
    const { ir } = this;
    const swap = size > 1 && this.littleEndian === (options.reverse === true);
    const data = swap ? this.byteReverse(size === 1 ? 2 : size, value) : value;
    // The probe works on the address alone: the data stays below the host address on the stack.
    const address = asNode(this.#ea(ea));
    const base = this.#baseOf(address);
    const host = ir.ordered('i32', [address], false, () => this.#probe(size, true, base));
    ir.effect([host, asNode(data)], '', () => ir.memory(opcode.i64StoreBySize[size], 0, 0));
  }

  loadVector(element: 1 | 2 | 4 | 8 | 16, ea: I64): V128 {
    const { ir } = this;
    const address = asNode(this.#ea(ea));
    const base = this.#baseOf(address);
    const raw = ir.ordered('v128', [address], false, () => {
      this.#probe(16, false, base);
      ir.memory(opcode.v128Load, 0, 0);
    });
    const lanes = memoryLanes(element, this.littleEndian);
    const value: V128 = this.typed(raw);
    return lanes ? this.shuffle(value, value, lanes) : value;
  }
  storeVector(element: 1 | 2 | 4 | 8 | 16, ea: I64, value: V128): void {
    const { ir } = this;
    const lanes = memoryLanes(element, this.littleEndian);
    const data = lanes ? this.shuffle(value, value, lanes) : value;
    const address = asNode(this.#ea(ea));
    const base = this.#baseOf(address);
    const host = ir.ordered('i32', [address], false, () => this.#probe(16, true, base));
    ir.effect([host, asNode(data)], '', () => ir.memory(opcode.v128Store, 0, 0));
  }

  /** Host address of a naturally aligned access; others leave the region, so that the interpreter raises what is due. */
  #alignedHost(size: AccessSize, ea: I64, write: boolean): I32 {
    const { ir } = this;
    const address = this.#ea(ea);
    if (size > 1) {
      const low = this.op('i32.and', this.wrap(address), this.const32(size - 1));
      ir.effect([asNode(low)], '', () => {
        this.#markSite();
        ir.branchIf(this.#frame.miss);
      });
    }
    return this.typed(ir.ordered('i32', [asNode(address)], false, () => this.#probe(size, write, undefined)));
  }

  loadReserve(size: AccessSize, ea: I64): I64 {
    const { ir } = this;
    const host = this.#alignedHost(size, ea, false);
    // The reservation names the location by its place in linear memory, as the interpreter's does.
    this.#writeMemory('reserve', opcode.i32Store, state.reserveHost.offset, host);
    this.#writeMemory('reserve', opcode.i32Store, state.reserveSize.offset, this.const32(size));
    const raw: I64 = this.typed(
      ir.ordered('i64', [asNode(host)], false, () => ir.memory(opcode.i64LoadBySize[size], 0, 0)),
    );
    return this.littleEndian || size === 1 ? raw : this.byteReverse(size, raw);
  }

  storeConditional(size: AccessSize, ea: I64, value: I64): I32 {
    const { ir } = this;
    const host = this.#alignedHost(size, ea, true);
    const sameHost = this.op(
      'i32.eq',
      host,
      this.#readMemory('i32', 'reserve', opcode.i32Load, state.reserveHost.offset),
    );
    const sameSize = this.op(
      'i32.eq',
      this.const32(size),
      this.#readMemory('i32', 'reserve', opcode.i32Load, state.reserveSize.offset),
    );
    const performed: I32 = this.typed(
      ir.ordered('i32', [asNode(this.op('i32.and', sameHost, sameSize))], false, () => {}),
    );
    this.#writeMemory('reserve', opcode.i32Store, state.reserveHost.offset, this.const32(0));
    const data = this.littleEndian || size === 1 ? value : this.byteReverse(size, value);
    this.if(performed, () =>
      ir.effect([asNode(host), asNode(data)], '', () => ir.memory(opcode.i64StoreBySize[size], 0, 0)),
    );
    return performed;
  }

  // --- flow of control

  #addressOf(place: number): I64 {
    const { ir } = this;
    const page = ir.written('i64', [], () => ir.localGet(this.#frame.pageEa));
    return this.#ea(this.op('i64.add', this.typed<'i64'>(page), this.const(place)));
  }
  cia(): I64 {
    return this.#addressOf(this.#instruction.at);
  }
  nia(): I64 {
    return this.#addressOf(behind(this.#instruction));
  }

  branchField(field: Field, absolute: boolean): void {
    const displacement = this.#field(field.name);
    const { ir } = this;
    if (absolute) {
      this.branchTo(this.const(displacement));
      return;
    }
    const target = this.#instruction.at + displacement;
    const { followBranch } = this.#instruction;
    ir.effect([], '', () => followBranch(target));
  }
  branchTo(target: I64): void {
    const { ir } = this;
    const { followAddress } = this.#instruction;
    ir.effect([asNode(this.#ea(this.and(target, this.const(-4))))], '', () => {
      ir.localSet(this.#frame.next);
      followAddress();
    });
  }

  program(reason: ProgramReason): void {
    const { ir } = this;
    this.#writeMemory('', opcode.i32Store, state.exception.offset, this.const32(0x700));
    const mark = this.#instruction.prefix === 0 ? 0 : prefixedSrr1;
    this.#writeMemory('', opcode.i64Store, state.exceptionSrr1.offset, this.const(programSrr1[reason] | mark));
    ir.effect([], '', () => {
      this.#markSite();
      ir.branch(this.#frame.raised);
    });
  }

  #callNode(name: FunctionName, args: readonly Value[]): Node | undefined {
    const { ir } = this;
    const signature = functions[name];
    const { prefix } = this.#instruction;
    const write = () => {
      ir.call(this.#imports.dataPlane(name));
      this.#frame.blockPages.clear();
      if (signature.raises) {
        this.#markSite();
        ir.localGet(0);
        ir.memory(opcode.i32Load, state.exception.offset, 2);
        if (prefix === 0) ir.branchIf(this.#frame.raised);
        else {
          ir.openIf();
          writePrefixedMark(ir, 0);
          ir.branch(this.#frame.raised);
          ir.close();
        }
      }
    };
    const all = [this.#cpu(), ...args.map(asNode)];
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
    if (name in decimalFunctions || (name in floatingPointFunctions && !name.startsWith('xv'))) this.#resolve();
  }
  /** Ends the region with a call that is made when the registers are stored. */
  #end(name: FunctionName, args: readonly Value[]): void {
    const { ir } = this;
    const { endings, next, result, leave } = this.#frame;
    const constants = args.map((arg) => {
      const value = constantOf(asNode(arg));
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
  /** Writes zeros to the block of an address; a block that is no ordinary memory is left to the interpreter. */
  #zeroBlock(ea: I64): void {
    const { ir } = this;
    const address = asNode(this.#ea(this.and(ea, this.const(-cacheBlockBytes))));
    const base = this.#baseOf(address);
    const host = ir.ordered('i32', [address], false, () => this.#probe(cacheBlockBytes, true, base));
    for (let offset = 0; offset < cacheBlockBytes; offset += 16) {
      const zero = asNode(this.constV128(new Array<number>(16).fill(0)));
      ir.effect([host, zero], '', () => ir.memory(opcode.v128Store, offset, 0));
    }
  }

  call(name: FunctionName, ...args: readonly Value[]): void {
    const [first] = args;
    if (name === 'dataCacheBlockZero' && first && isI64(first)) {
      this.#zeroBlock(first);
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
    this.#writeHeld(this.#registers.pendingOperation('fpKind'), kind);
    operands.forEach((value, i) => {
      const name = names[i];
      if (name) this.#writeHeld(this.#registers.pendingOperation(name), value);
    });
  }

  /** Before a function that changes parts of FI, FR and FPRF: they must be in FPSCR. */
  #resolve(): void {
    this.usesFloatingPoint = true;
    const kind = this.#registers.pendingOperation('fpKind');
    this.if(this.op('i64.ne', this.#readHeld<'i64'>(kind), this.const(0)), () => {
      for (const name of ['fpKind', 'fpA', 'fpB', 'fpC'] as const) {
        const value = this.#readHeld<'i64'>(this.#registers.pendingOperation(name));
        this.#writeMemory('', opcode.i64Store, state[name].offset, value);
      }
      const { ir } = this;
      ir.effect([this.#cpu()], '*', () => ir.call(this.#imports.core('resolveFloatingPoint')));
      this.#setPending(this.const(0), []);
    });
  }

  /** After the data plane has raised flags: XX may be set now. */
  #refreshFast(): void {
    const { ir } = this;
    const { fast } = this.#frame;
    ir.effect([], localClass(fast), () => writeFastTest(ir, fast));
  }

  #inline(name: FunctionName, inline: InlineFunction, args: readonly Value[]): I64 {
    const { ir } = this;
    this.usesFloatingPoint = true;
    const operands = args.slice(1).filter(isI64);
    const { value, ordinary } = inline.compute(this, operands, (helper, values) => this.#fused(helper, values));
    const result = this.#variable('i64');
    this.#setLocal(result, value);
    this.#setPending(this.const(inline.kind), operands);
    const { fast } = this.#frame;
    const isFast: I32 = this.typed(ir.read('i32', localClass(fast), [], () => ir.localGet(fast)));
    this.if(this.op('i32.eqz', this.op('i32.and', ordinary, isFast)), () => {
      this.#setLocal(result, this.#callValue(name, args, 'i64'));
      this.#setPending(this.const(0), []);
      this.#refreshFast();
    });
    return this.#readLocal(result);
  }

  /** Does a vector function in line when it has such a form; false when not. */
  #vectorInline(name: FunctionName, args: readonly Value[]): boolean {
    const inline = vectorInlineFunctions[name];
    const target = args[0] && this.#referenceOffset.get(asNode(args[0]));
    if (!inline || target === undefined) return false;
    this.usesFloatingPoint = true;
    const operands: V128[] = [];
    let variant = 0;
    for (const arg of args.slice(1)) {
      const offset = this.#referenceOffset.get(asNode(arg));
      if (offset === undefined) variant = constantOf(asNode(arg)) ?? 0;
      else operands.push(this.#readMemory('v128', 'vsr', opcode.v128Load, offset));
    }
    const { ir } = this;
    const fused = (helper: VectorFusedHelper, values: readonly V128[]): V128 => {
      if (this.#frame.fusesMultiplyAdd)
        return this.#relaxedMultiplyAdd(helper === 'fusedDoubles' ? 'f64x2' : 'f32x4', values);
      return this.typed(
        ir.ordered('v128', [this.#cpu(), ...values.map(asNode)], false, () => ir.call(this.#imports.core(helper))),
      );
    };
    const { value, ordinary } = inline.compute(this, operands, variant, fused);
    const { fast } = this.#frame;
    const isFast: I32 = this.typed(ir.read('i32', localClass(fast), [], () => ir.localGet(fast)));
    this.if(
      this.op('i32.and', ordinary, isFast),
      () => this.#writeMemory('vsr', opcode.v128Store, target, value),
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
    if (helper === 'fusedDouble' && this.#frame.fusesMultiplyAdd) {
      const vectors = values.map((value): V128 => this.op('f64x2.splat', value));
      const sum = this.#relaxedMultiplyAdd('f64x2', vectors);
      return this.typed(
        ir.written('f64', [asNode(sum)], () => {
          ir.operatorBytes(0xfd21);
          ir.code.byte(0);
        }),
      );
    }
    const node = ir.ordered('f64', [this.#cpu(), ...values.map(asNode)], false, () =>
      ir.call(this.#imports.core(helper)),
    );
    return this.typed(node);
  }

  #compareFloating(name: 'fcmpu' | 'fcmpo', x: I64, y: I64): I32 {
    this.usesFloatingPoint = true;
    const { field, ordered } = compareInline(this, x, y);
    const result = this.#variable('i32');
    this.#setLocal(result, field);
    this.if(
      ordered,
      () => {
        // FPCC alone changes: it is noted behind the operation, if any; kind 255 stands for none.
        const kind = this.#registers.pendingOperation('fpKind');
        const operation = this.and(this.#readHeld<'i64'>(kind), this.const(0xff));
        const known = this.select<'i64'>(this.eqz(operation), this.const(255), operation);
        this.#writeHeld(kind, this.or(known, this.shl(this.zext(field), this.const(8))));
      },
      () => {
        this.#resolve();
        this.#setLocal(result, this.#callValue(name, [x, y], 'i32'));
      },
    );
    return this.#readLocal(result);
  }

  /** Leaves when the call before has changed what the region relies on, or has put another address into nip. */
  resumeAtNip(): void {
    if (!this.#ended) this.#leaveWhenChanged(regionResult.resume);
  }
  #leaveWhenChanged(result: number): void {
    const { ir } = this;
    const { remaining } = this.#instruction;
    ir.effect([asNode(this.nia())], '*', () => writeContextCheck(ir, this.#frame, this, remaining, result));
  }
  synchronise(): void {
    this.setSlot('nip', this.nia());
    this.resumeAtNip();
  }
  leave(_code: LeaveCode): void {
    throw new NotTranslatable('leave');
  }
}
