// A ring of bytes in shared memory with one writer thread and one reader thread: how console bytes cross between the outer
// thread and the machine's Worker without a message for each, and without losing any.

/** Words of the header, as indices into an Int32Array. */
const headerWord = { written: 0, read: 1 } as const;
const headerBytes = 8;

/** One direction of a console. Both threads make one over the same buffer. */
export class ConsoleRing {
  readonly #header: Int32Array;
  readonly #bytes: Uint8Array;

  /** @param buffer from {@link ConsoleRing.allocate} */
  constructor(buffer: SharedArrayBuffer) {
    this.#header = new Int32Array(buffer, 0, headerBytes / 4);
    this.#bytes = new Uint8Array(buffer, headerBytes);
  }

  /**
   * Makes the shared memory of an empty ring.
   * @param capacity bytes that it holds; a power of two, so that the counters may wrap at 2^32
   */
  static allocate(capacity: number): SharedArrayBuffer {
    if (capacity < 1 || (capacity & (capacity - 1)) !== 0) throw new RangeError('capacity must be a power of two');
    return new SharedArrayBuffer(headerBytes + capacity);
  }

  /** Bytes that wait to be read. */
  get length(): number {
    return (Atomics.load(this.#header, headerWord.written) - Atomics.load(this.#header, headerWord.read)) >>> 0;
  }

  /** Bytes that can be written now. */
  get space(): number {
    return this.#bytes.length - this.length;
  }

  /** Writer: stores as many of `bytes` as fit and returns how many. */
  write(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.space);
    const written = Atomics.load(this.#header, headerWord.written);
    this.#copy(written, count, (at, done, size) => this.#bytes.set(bytes.subarray(done, done + size), at));
    Atomics.store(this.#header, headerWord.written, (written + count) | 0);
    return count;
  }

  /** Reader: takes up to `into.length` bytes and returns how many; wakes a writer in {@link waitForSpace}. */
  read(into: Uint8Array): number {
    const count = Math.min(into.length, this.length);
    if (count === 0) return 0;
    const read = Atomics.load(this.#header, headerWord.read);
    this.#copy(read, count, (at, done, size) => into.set(this.#bytes.subarray(at, at + size), done));
    Atomics.store(this.#header, headerWord.read, (read + count) | 0);
    Atomics.notify(this.#header, headerWord.read);
    return count;
  }

  /** Writer, in a Worker only: sleeps until there is space or `milliseconds` have passed. */
  waitForSpace(milliseconds: number): void {
    const read = Atomics.load(this.#header, headerWord.read);
    if (this.space === 0) Atomics.wait(this.#header, headerWord.read, read, milliseconds);
  }

  /** Calls `move` for the one or two pieces that `count` bytes from `counter` on have in the ring. */
  #copy(counter: number, count: number, move: (at: number, done: number, size: number) => void): void {
    const at = counter & (this.#bytes.length - 1);
    const first = Math.min(count, this.#bytes.length - at);
    move(at, 0, first);
    if (count > first) move(0, first, count - first);
  }
}
