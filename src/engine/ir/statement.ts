// Statements of the intermediate form: what happens in order.
import type { Node } from './node.ts';

/** A list of statements; `parent` is undefined for the outermost one. */
export interface Block {
  readonly parent: Block | undefined;
  readonly depth: number;
  /** The `if` that this block belongs to. */
  readonly owner: IfStatement | undefined;
  readonly statements: Statement[];
}

/** An effect: arguments, then `write`. */
export interface EffectStatement {
  readonly kind: 'effect';
  readonly args: readonly Node[];
  readonly write: () => void;
}
/** A value that must be computed at this place (loads from guest memory, calls). */
export interface ValueStatement {
  readonly kind: 'value';
  readonly node: Node;
}
/** A place where a read of state is computed if it can't wait until its first use. */
export interface ReadStatement {
  readonly kind: 'read';
  readonly node: Node;
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
export type Statement = EffectStatement | ValueStatement | ReadStatement | IfStatement;
