// The builder that meanings are written against. The engine implements it twice: with fields as run-time values (the
// interpreter) and with fields as constants (the translator). A meaning never knows which.
import type { FieldName } from './field.ts';
import type { FunctionName } from './functions.ts';
import type { SlotName } from './slots.ts';
import type { ValueType } from './value-type.ts';

/** A value computed by the meaning (single assignment: it never changes after it was made). */
export interface Value<T extends ValueType = ValueType> {
  readonly type: T;
}
export type I32 = Value<'i32'>;
export type I64 = Value<'i64'>;
export type F32 = Value<'f32'>;
export type F64 = Value<'f64'>;
export type V128 = Value<'v128'>;

/** A field of the instruction: a run-time value in the interpreter, a constant in the translator. */
export interface Field {
  readonly name: FieldName;
}
/** All fields by name; naming one that the row's pattern lacks is our own mistake and throws when the table is built. */
export type Fields = { readonly [K in FieldName]: Field };

/** A register number: a field, or a constant. */
export type RegisterNumber = Field | number;

/** Values derived from fields once, when an instruction is decoded. */
export type DerivedName =
  /** 64-bit MASK(a, b) of Book I section 3.3.14 with a, b in 0…63; wraps when a > b. Without b: MASK(a, 63). */
  | 'mask64'
  /** MASK(0, a). */
  | 'maskTo'
  /** MASK(a, 63 − b) with b a shift amount (rldic, rldimi). */
  | 'maskShifted'
  /** MASK(a+32, b+32), replicated in the upper word as rlwinm needs when a > b. */
  | 'mask32'
  /** Value of a CR field mask (8 bits) spread to 32 bits, four bits each. */
  | 'crMask'
  /** FPSCR field mask (8 bits, FLM) spread to 32 bits, four bits each. */
  | 'fpscrMask'
  /** Byte offset of SPR `spr` from the start of the CPU's state block. */
  | 'sprOffset';

/** Reasons of a program interrupt (Book III section 7.5.9). */
export type ProgramReason = 'illegal' | 'privileged' | 'trap' | 'fpEnabled';

/** Size of a memory access in bytes. */
export type AccessSize = 1 | 2 | 4 | 8;
/** Bytes of a location that can be reserved. */
export type LocationSize = AccessSize | 16;

/** Names of WebAssembly operators without immediates, such as `i64.add`, `i32x4.add`, `f64.sqrt`. */
export type OperatorName =
  `${'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'i8x16' | 'i16x8' | 'i32x4' | 'i64x2' | 'f32x4' | 'f64x2'}.${string}`;

type Comparison =
  | 'eqz'
  | 'eq'
  | 'ne'
  | 'lt_s'
  | 'lt_u'
  | 'gt_s'
  | 'gt_u'
  | 'le_s'
  | 'le_u'
  | 'ge_s'
  | 'ge_u'
  | 'lt'
  | 'gt'
  | 'le'
  | 'ge';

/** Result type of an operator, from its name. */
export type ResultOf<N extends OperatorName> = N extends `${'i32' | 'i64' | 'f32' | 'f64'}.${Comparison}`
  ? 'i32'
  : N extends `v128.any_true` | `${string}.all_true` | `${string}.bitmask`
    ? 'i32'
    : N extends `${infer P extends 'i32' | 'i64' | 'f32' | 'f64'}.${string}`
      ? P
      : 'v128';

/**
 * What a meaning can say. All registers and arithmetic are 64-bit unless said otherwise. State reads give the value at
 * that point of the meaning. Loads and stores come before the first register change, so that a fault leaves no trace.
 */
export interface Builder {
  /** True when MSR[SF]=1 (64-bit mode); fixed while the meaning is built. */
  readonly is64: boolean;
  /** True when MSR[LE]=1. */
  readonly littleEndian: boolean;

  // --- constants and fields
  const(value: number | bigint): I64;
  const32(value: number): I32;
  constF64(value: number): F64;
  /** 16 bytes, least significant byte of the register first (lane 0 = Power byte element 15). */
  constV128(bytes: readonly number[]): V128;
  /** Field as an immediate: sign-extended and scaled if it is a signed one, else zero-extended. */
  imm(field: Field): I64;
  imm32(field: Field): I32;
  /** Value of a field that is fixed for this variant (`OE`, `Rc`, `LK`, `AA` and the row's `split` fields). */
  fixed(field: Field): number;
  /** A value derived from fields at decode time. */
  derived(name: DerivedName, a: Field, b?: Field): I64;

  // --- operators
  /** Any WebAssembly operator without immediates. */
  op<N extends OperatorName>(name: N, ...args: readonly Value[]): Value<ResultOf<N>>;
  /** `…extract_lane` with lane number. */
  extractLane(shape: 'i8x16_s' | 'i8x16_u' | 'i16x8_s' | 'i16x8_u' | 'i32x4', lane: number, v: V128): I32;
  extractLane64(lane: number, v: V128): I64;
  replaceLane(shape: 'i8x16' | 'i16x8' | 'i32x4' | 'i64x2' | 'f32x4' | 'f64x2', lane: number, v: V128, x: Value): V128;
  /** `i8x16.shuffle` with 16 constant lane numbers (0…31). */
  shuffle(a: V128, b: V128, lanes: readonly number[]): V128;
  add(a: I64, b: I64): I64;
  sub(a: I64, b: I64): I64;
  mul(a: I64, b: I64): I64;
  and(a: I64, b: I64): I64;
  or(a: I64, b: I64): I64;
  xor(a: I64, b: I64): I64;
  not(a: I64): I64;
  neg(a: I64): I64;
  /** Shifts and rotate by a 64-bit amount, taken modulo 64. */
  shl(a: I64, n: I64): I64;
  shrU(a: I64, n: I64): I64;
  shrS(a: I64, n: I64): I64;
  rotl(a: I64, n: I64): I64;
  /** High 64 bits of the 128-bit product, unsigned and signed. */
  mulhU(a: I64, b: I64): I64;
  mulhS(a: I64, b: I64): I64;
  eq(a: I64, b: I64): I32;
  ne(a: I64, b: I64): I32;
  ltU(a: I64, b: I64): I32;
  ltS(a: I64, b: I64): I32;
  gtU(a: I64, b: I64): I32;
  gtS(a: I64, b: I64): I32;
  eqz(a: I64): I32;
  /** LT=8, GT=4, EQ=2 of a comparison, with XER[SO] as 1: what a compare puts into a CR field. */
  compare(a: I64, b: I64, signed: boolean): I32;
  /** 0/1 (or any i32) to 64 bits, zero-extended; sign-extended. */
  zext(a: I32): I64;
  sext(a: I32): I64;
  /** Low 32 bits. */
  wrap(a: I64): I32;
  /** Low 8, 16, 32 bits sign-extended. */
  ext8s(a: I64): I64;
  ext16s(a: I64): I64;
  ext32s(a: I64): I64;
  /** Low 32 bits zero-extended. */
  ext32u(a: I64): I64;
  /** c ≠ 0 ? a : b (both are computed). */
  select<T extends ValueType>(c: I32, a: Value<T>, b: Value<T>): Value<T>;
  /** Byte reversal of the low 2, 4, 8 bytes; the rest becomes 0. */
  byteReverse(size: 2 | 4 | 8, a: I64): I64;

  // --- control inside a meaning
  /** Runs `then` when c ≠ 0, else `otherwise`. Values made inside are not visible outside. */
  if(c: I32, then: () => void, otherwise?: () => void): void;

  // --- registers
  gpr(n: RegisterNumber): I64;
  /** (RA|0): zero when the field is 0. */
  gprOr0(n: Field): I64;
  /** GPR `field + offset` (register pairs, multiples); the offset is a small constant, the sum wraps modulo 32. */
  gprAt(field: Field, offset: number): I64;
  setGpr(n: RegisterNumber, value: I64): void;
  setGprAt(field: Field, offset: number, value: I64): void;
  /** FPR as its 64 bits (doubleword 0 of VSR n). */
  fpr(n: RegisterNumber): I64;
  /** FPR `field + 1`, for pairs. */
  fprAt(field: Field, offset: number): I64;
  /** Writes the FPR; doubleword 1 of the VSR becomes 0. */
  setFpr(n: RegisterNumber, value: I64): void;
  setFprAt(field: Field, offset: number, value: I64): void;
  /** VSR 0…63 as one 128-bit number: lane 0 of i8x16 is the least significant byte (Power byte element 15). */
  vsr(n: RegisterNumber): V128;
  setVsr(n: RegisterNumber, value: V128): void;
  /** First or second register of the pair that a field (XTp, XSp: half the number of the first) names. */
  vsrOfPair(field: Field, which: 0 | 1): V128;
  setVsrOfPair(field: Field, which: 0 | 1, value: V128): void;
  /** Vector register n = VSR 32+n. */
  vr(n: RegisterNumber): V128;
  setVr(n: RegisterNumber, value: V128): void;
  /** Doubleword 0 (high) or 1 (low) of a VSR. */
  vsrDoubleword(n: RegisterNumber, which: 0 | 1): I64;
  /** Address (i32) in linear memory of a VSR's 16 bytes, for functions that work on registers by reference. */
  vsrRef(n: RegisterNumber): I32;
  vrRef(n: RegisterNumber): I32;
  /** Address of the first register of the pair that a field (XAp) names. */
  vsrPairRef(field: Field): I32;
  /** Address of the accumulator that a field names: rows 0 to 3 are VSR 4n to 4n+3, as the ISA allows (section 7.2.1.3). */
  accumulatorRef(field: Field): I32;
  /** Named CPU state outside the register files. */
  slot(name: SlotName): I64;
  /** Nonzero when FPSCR[FEX] = 1: an enabled floating-point exception has happened. */
  floatingPointException(): I32;
  setSlot(name: SlotName, value: I64): void;
  /** Stored value of the SPR that a field names (`spr`); only for SPRs that are a stored value and nothing more. */
  sprAt(field: Field): I64;
  setSprAt(field: Field, value: I64): void;
  /** CR field 0…7 as LT=8, GT=4, EQ=2, SO=1. */
  crField(n: RegisterNumber): I32;
  setCrField(n: RegisterNumber, value: I32): void;
  /** CR bit 0…31 as 0 or 1. */
  crBit(n: RegisterNumber): I32;
  setCrBit(n: RegisterNumber, value: I32): void;
  /** All of CR as 32 bits (zero-extended to 64). */
  cr(): I64;
  setCr(value: I64): void;

  // --- memory (effective addresses; truncated to 32 bits when not is64)
  /** Loads `size` bytes in the current byte order (the other one with `reverse`), zero-extended unless `signed`. */
  load(size: AccessSize, ea: I64, options?: { readonly signed?: boolean; readonly reverse?: boolean }): I64;
  store(size: AccessSize, ea: I64, value: I64, options?: { readonly reverse?: boolean }): void;
  /** 16 bytes as elements of `element` bytes: element i (from the left) of the register is at ea + i·element. */
  loadVector(element: 1 | 2 | 4 | 8 | 16, ea: I64): V128;
  storeVector(element: 1 | 2 | 4 | 8 | 16, ea: I64, value: V128): void;
  /** Load and reserve. `location`: bytes that are reserved, from ea on, which must be a multiple of that; default `size`. */
  loadReserve(size: AccessSize, ea: I64, location?: LocationSize): I64;
  /** Store conditional: 1 when it was performed, else 0; the reservation is gone afterwards. `location`: as above. */
  storeConditional(size: AccessSize, ea: I64, value: I64, location?: LocationSize): I32;

  // --- flow of control
  /** Address of this instruction (CIA) and of the next one, truncated to 32 bits when not is64. */
  cia(): I64;
  nia(): I64;
  /** Branch to CIA + the field's displacement (or to the displacement itself when `absolute`). */
  branchField(field: Field, absolute: boolean): void;
  /** Branch to an address (low two bits are ignored). `kind` is a hint for return-address prediction. */
  branchTo(target: I64, kind: 'return' | 'count' | 'tar'): void;
  /** Ends the instruction with a program interrupt. */
  program(reason: ProgramReason): void;
  /** Ends the instruction with the trap program interrupt when c ≠ 0. */
  trapIf(c: I32): void;
  /** A function of the data plane; the CPU state's address is passed as first argument by the engine. */
  call(name: FunctionName, ...args: readonly Value[]): void;
  callI32(name: FunctionName, ...args: readonly Value[]): I32;
  callI64(name: FunctionName, ...args: readonly Value[]): I64;
  callV128(name: FunctionName, ...args: readonly Value[]): V128;
  /**
   * Ends the instruction: the function called before has put the address to go on at into the slot `nip` and may have
   * changed MSR (rfid, sc, …).
   */
  resumeAtNip(): void;
  /** Ends the instruction and re-reads all modes before the next one (mtmsrd, isync, slbmte, …). */
  synchronise(): void;
  /**
   * Ends the instruction and leaves the engine with this code; NIP is that of the next instruction. The machine above
   * serves it (hypercall) and goes on.
   */
  leave(code: LeaveCode): void;
}

/** Why the engine hands over to the machine. */
export type LeaveCode = 'hypercall';
