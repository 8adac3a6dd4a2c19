// The intermediate form: meanings build it call by call, `flush` writes it as WebAssembly.
//
// Values are placed at their first use (no local), in a local when used more than once, and early when state that they
// read changes before the first use. Effects keep their order.
import type { ValueType } from '../../isa/value-type.ts';
import { CodeWriter } from './code-writer.ts';
import type { Locals } from './locals.ts';
import type { Block, IfStatement, Node, NodeKind, Statement } from './node.ts';

// Loops over lists count here: this runs several times for each guest instruction, at first before the host has optimized it,
// and iterators are slow then.

function newBlock(parent: Block | undefined, owner: IfStatement | undefined): Block {
  return { parent, depth: parent ? parent.depth + 1 : 0, owner, statements: [] };
}

/** Everything that writes state of this class is said by this name; calls write all classes. */
const allState = '*';

const noNodes: readonly Node[] = [];
const localGet = 0x20;

/** Builds and writes the code of one instruction after the other into one function body. */
export class Ir extends CodeWriter {
  readonly locals: Locals;
  /**
   * Told the class of state where code is written that sets a local or stores to memory, and the value unless that is done
   * conditionally.
   */
  observer: { changed(stateClass: string, value: Node | undefined): void } | undefined;
  /** Conditionals that are being written, one in the other. */
  #conditionals = 0;
  readonly #root = newBlock(undefined, undefined);
  #block: Block = this.#root;
  /** Reads of state since the last flush. */
  #reads: Node[] = [];

  constructor(locals: Locals) {
    super();
    this.locals = locals;
  }

  // --- building

  #node<T extends ValueType>(
    kind: NodeKind,
    type: T,
    args: readonly Node[],
    code: number,
    immediate: number | bigint,
    stateClass: string,
    write: (() => void) | undefined,
    base = -1,
  ): Node<T> {
    return {
      kind,
      type,
      args,
      code,
      immediate,
      write,
      stateClass,
      base,
      uses: 0,
      early: false,
      useBlock: this.#block,
      local: -1,
    };
  }

  constant<T extends 'i32' | 'i64' | 'f64'>(type: T, value: number | bigint): Node<T> {
    return this.#node('const', type, noNodes, -1, value, '', undefined);
  }

  /** A local that nothing writes, such as a parameter. */
  local<T extends ValueType>(type: T, local: number): Node<T> {
    return this.#node('operator', type, noNodes, localGet, local, '', undefined);
  }

  /** A pure value: operator `code` applied to `args`. */
  operator<T extends ValueType>(type: T, code: number, args: readonly Node[]): Node<T> {
    return this.#node('operator', type, args, code, 0, '', undefined);
  }

  /** A pure value that `write` writes after its arguments. */
  written<T extends ValueType>(type: T, args: readonly Node[], write: () => void): Node<T> {
    return this.#node('operator', type, args, -1, 0, '', write);
  }

  /** A read of state of a class; computed where it is first used unless that state is written in between. */
  read<T extends ValueType>(type: T, stateClass: string, args: readonly Node[], write: () => void): Node<T> {
    return this.#stateRead(this.#node('read', type, args, -1, 0, stateClass, write));
  }

  /** A read of a local that is state of a class. */
  readLocal<T extends ValueType>(type: T, stateClass: string, local: number): Node<T> {
    return this.#stateRead(this.#node('read', type, noNodes, localGet, local, stateClass, undefined));
  }

  /** A read of state in memory by the memory operator `code`; `address` may be the number of a local. */
  readMemory<T extends ValueType>(
    type: T,
    stateClass: string,
    code: number,
    address: Node | number,
    offset: number,
  ): Node<T> {
    const node =
      typeof address === 'number'
        ? this.#node('read', type, noNodes, code, offset, stateClass, undefined, address)
        : this.#node('read', type, [address], code, offset, stateClass, undefined);
    return this.#stateRead(node);
  }

  #stateRead<T extends ValueType>(node: Node<T>): Node<T> {
    this.#block.statements.push(node);
    this.#reads.push(node);
    return node;
  }

  /** A value that must be computed here; `writesState` when it may change any CPU state (a call). */
  ordered<T extends ValueType>(type: T, args: readonly Node[], writesState: boolean, write: () => void): Node<T> {
    const node = this.#node('ordered', type, args, -1, 0, '', write);
    this.#touchAll(args);
    this.#statement(node, writesState ? allState : '');
    return node;
  }

  /** An effect here; `stateClass` is what it writes (`*` for everything, '' for nothing that reads look at). */
  effect(args: readonly Node[], stateClass: string, write: () => void): void {
    this.#touchAll(args);
    this.#statement({ kind: 'effect', args, write }, stateClass);
  }

  /** Puts a value into a local that is state of a class. */
  setLocal(stateClass: string, local: number, value: Node): void {
    this.#touch(value);
    this.#statement({ kind: 'set', value, local, stateClass }, stateClass);
  }

  /** Puts a value into state in memory by the memory operator `code`; `address` may be the number of a local. */
  writeMemory(stateClass: string, code: number, address: Node | number, offset: number, value: Node): void {
    if (typeof address !== 'number') this.#touch(address);
    this.#touch(value);
    this.#statement({ kind: 'store', address, value, code, offset, stateClass }, stateClass);
  }

  #statement(statement: Statement, stateClass: string): void {
    this.#block.statements.push(statement);
    if (stateClass !== '') this.#noteWrite(stateClass);
  }

  /** What was read of the class before and is used later only must be read before this. */
  #noteWrite(stateClass: string): void {
    for (let i = 0; i < this.#reads.length; i++) {
      const read = this.#reads[i];
      if (read?.uses === 0 && (read.stateClass === stateClass || stateClass === allState)) read.early = true;
    }
  }

  /** True inside a conditional. */
  get nested(): boolean {
    return this.#block !== this.#root;
  }

  conditional(condition: Node, then: () => void, otherwise: (() => void) | undefined): void {
    this.#touch(condition);
    const outer = this.#block;
    // The two blocks need their owner and the owner its blocks: built in two steps.
    const before: Node[] = [];
    const owner: { -readonly [K in keyof IfStatement]: IfStatement[K] } = {
      kind: 'if',
      condition,
      before,
      whenTrue: outer,
      whenFalse: outer,
    };
    owner.whenTrue = newBlock(outer, owner);
    owner.whenFalse = newBlock(outer, owner);
    outer.statements.push(owner);
    this.#block = owner.whenTrue;
    then();
    this.#block = owner.whenFalse;
    otherwise?.();
    this.#block = outer;
  }

  #touchAll(nodes: readonly Node[]): void {
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      if (node) this.#touch(node);
    }
  }

  #touch(node: Node): void {
    if (node.kind === 'const') return;
    node.uses++;
    if (node.uses === 1) {
      node.useBlock = this.#block;
      if (node.kind !== 'ordered' && node.args !== noNodes) this.#touchAll(node.args);
      return;
    }
    if (node.kind === 'ordered') return;
    // Later use outside the block of the first one: compute it before the `if` that encloses the first.
    let inner = node.useBlock;
    let outer = this.#block;
    while (outer.depth > inner.depth && outer.parent) outer = outer.parent;
    if (outer === inner) return;
    let owner: IfStatement | undefined;
    while (inner !== outer) {
      if (inner.depth >= outer.depth) {
        owner = inner.owner;
        inner = inner.parent ?? outer;
      } else {
        outer = outer.parent ?? inner;
      }
    }
    node.useBlock = inner;
    if (owner) owner.before.push(node);
  }

  // --- writing

  /** Writes everything built so far and starts anew (locals stay taken until `locals.release`). */
  flush(): void {
    this.#writeBlock(this.#root);
    this.#root.statements = [];
    if (this.#reads.length > 0) this.#reads = [];
  }

  #writeBlock(block: Block): void {
    const { statements } = block;
    for (let i = 0; i < statements.length; i++) {
      const statement = statements[i];
      if (statement) this.#writeStatement(statement);
    }
  }

  #writeStatement(statement: Statement): void {
    switch (statement.kind) {
      case 'read':
        if (statement.uses > 0 && statement.early) this.#compute(statement);
        return;
      case 'set':
        this.push(statement.value);
        this.localSet(statement.local);
        this.observer?.changed(statement.stateClass, this.#conditionals === 0 ? statement.value : undefined);
        return;
      case 'store':
        if (typeof statement.address === 'number') this.localGet(statement.address);
        else this.push(statement.address);
        this.push(statement.value);
        this.memory(statement.code, statement.offset, 0);
        this.observer?.changed(statement.stateClass, this.#conditionals === 0 ? statement.value : undefined);
        return;
      case 'effect':
        this.#pushAll(statement.args);
        statement.write();
        return;
      case 'ordered':
        this.#writeNode(statement);
        if (statement.uses === 0) this.code.byte(0x1a);
        else this.#keepInLocal(statement, 0x21);
        return;
      case 'if':
        for (const node of statement.before) if (node.local < 0) this.#compute(node);
        this.push(statement.condition);
        this.openIf();
        this.#conditionals++;
        this.#writeBlock(statement.whenTrue);
        if (statement.whenFalse.statements.length > 0) {
          this.code.byte(0x05);
          this.#writeBlock(statement.whenFalse);
        }
        this.#conditionals--;
        this.close();
        return;
    }
  }

  #compute(node: Node): void {
    this.#writeNode(node);
    this.#keepInLocal(node, 0x21);
  }

  #keepInLocal(node: Node, code: number): void {
    node.local = this.locals.take(node.type);
    this.code.operator(code, node.local);
  }

  /** Writes code that leaves the node's value on the stack. */
  push(node: Node): void {
    if (node.kind === 'const') {
      this.#writeConstant(node);
      return;
    }
    if (node.local >= 0) {
      this.code.operator(0x20, node.local);
      return;
    }
    this.#writeNode(node);
    if (node.uses > 1) this.#keepInLocal(node, 0x22);
  }

  #pushAll(nodes: readonly Node[]): void {
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      if (node) this.push(node);
    }
  }

  #writeNode(node: Node): void {
    if (node.args !== noNodes) this.#pushAll(node.args);
    if (node.write) node.write();
    else if (node.code === localGet) this.localGet(Number(node.immediate));
    else if (node.kind === 'read') {
      if (node.base >= 0) this.localGet(node.base);
      this.memory(node.code, Number(node.immediate), 0);
    } else this.operatorBytes(node.code);
  }

  #writeConstant(node: Node): void {
    if (node.type === 'i32') this.i32Const(Number(node.immediate));
    else if (node.type === 'i64') this.i64Const(node.immediate);
    else {
      this.code.byte(0x44);
      this.code.bytes(new Uint8Array(new Float64Array([Number(node.immediate)]).buffer));
    }
  }
}
