// The intermediate form: values, a directed graph that is written out as WebAssembly stack code, and statements, what
// happens in order.
import type { Value } from '../../isa/builder.ts';
import type { ValueType } from '../../isa/value-type.ts';
import { operatorCode } from '../wasm/opcodes.ts';

/** What a node computes. */
export type NodeKind = 'const' | 'operator' | 'read' | 'ordered';

/** One value. It is placed where it is first used, or into a local when it is used more than once. */
export interface Node<T extends ValueType = ValueType> extends Value<T> {
  readonly kind: NodeKind;
  readonly args: readonly Node[];
  /** Operator code (see `wasm/opcodes.ts`), −1 where `write` does the work. */
  readonly code: number;
  /** For `const` nodes the value; for `local.get` the local; for a read of memory the offset. */
  readonly immediate: number | bigint;
  /** Writes the node after its arguments are on the stack (kinds that are more than one operator). */
  readonly write: (() => void) | undefined;
  /** For `read`: the class of state that it reads. */
  readonly stateClass: string;
  /** For a read of memory: the local with the address, −1 where that is an argument. */
  readonly base: number;
  uses: number;
  /** State that it reads is written before it is first used. */
  early: boolean;
  /** The innermost block that contains all uses. */
  useBlock: Block;
  /** Local that holds it once it was computed, −1 before. */
  local: number;
}

/** Checks that a value came from this builder (values are opaque to meanings). */
export function asNode(value: Value): Node {
  // Every Value that a meaning can hold was made by the intermediate form below; there is no other constructor.
  return value as Node;
}

/** The same for a list of values. */
export function asNodes(values: readonly Value[]): readonly Node[] {
  // As above.
  return values as readonly Node[];
}

/** Number of a constant when the value is one and fits a JavaScript number exactly, else undefined. */
export function constantOf(of: Value): number | undefined {
  const node = asNode(of);
  if (node.kind !== 'const') return undefined;
  const value = node.immediate;
  if (typeof value === 'number') return value;
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : undefined;
}

const addCode = operatorCode('i64.add');
const andCode = operatorCode('i64.and');

/** State of a class plus a constant. */
export interface StateSum {
  readonly stateClass: string;
  readonly displacement: number;
}

/** The state and the constant that a value is the sum of; undefined when it is something else. */
export function sumOf(value: Node): StateSum | undefined {
  if (value.kind === 'read') return { stateClass: value.stateClass, displacement: 0 };
  const [base, displacement] = value.args;
  if (value.code !== addCode || base?.kind !== 'read' || displacement === undefined) return undefined;
  const constant = constantOf(displacement);
  return constant === undefined ? undefined : { stateClass: base.stateClass, displacement: constant };
}

/** The classes of state that a value is the sum of; undefined when it is something else. */
export function sumOfStates(value: Node): readonly [string, string] | undefined {
  const [a, b] = value.args;
  return value.code === addCode && a?.kind === 'read' && b?.kind === 'read' ? [a.stateClass, b.stateClass] : undefined;
}

/** What a value is with its low bits cleared, when so many low bits (a power of 2 of bytes) are; else undefined. */
export function alignedDown(value: Node, bytes: number): Node | undefined {
  const [of, mask] = value.args;
  return value.code === andCode && mask !== undefined && constantOf(mask) === -bytes ? of : undefined;
}

/** A list of statements; `parent` is undefined for the outermost one. */
export interface Block {
  readonly parent: Block | undefined;
  readonly depth: number;
  /** The `if` that this block belongs to. */
  readonly owner: IfStatement | undefined;
  statements: Statement[];
}

/** An effect: arguments, then `write`. */
export interface EffectStatement {
  readonly kind: 'effect';
  readonly args: readonly Node[];
  readonly write: () => void;
}
/** A value that goes into a local; `stateClass` is what that writes. */
export interface SetStatement {
  readonly kind: 'set';
  readonly value: Node;
  readonly local: number;
  readonly stateClass: string;
}
/** A value that goes into memory. */
export interface StoreStatement {
  readonly kind: 'store';
  /** A local, or what computes the address. */
  readonly address: Node | number;
  readonly value: Node;
  readonly code: number;
  readonly offset: number;
  readonly stateClass: string;
}
/** A conditional. */
export interface IfStatement {
  readonly kind: 'if';
  readonly condition: Node;
  readonly whenTrue: Block;
  readonly whenFalse: Block;
  /** Values first used inside but needed outside, too: computed before. */
  readonly before: Node[];
}

/**
 * What happens in order. A node of kind `ordered` (a load from guest memory, a call) must be computed at its place, one of
 * kind `read` is if it can't wait until its first use.
 */
export type Statement = EffectStatement | SetStatement | StoreStatement | Node | IfStatement;
