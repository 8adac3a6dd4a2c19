// A hardware thread as the platform sees it: typed access to its state block in linear memory.
import { type OuterSpr, outerSprOffset, slotOffset, sprOffset, state } from './state.ts';

/** View of one vCPU's state; 64-bit registers are unsigned bigints (nothing here runs per guest instruction). */
export class Vcpu {
  /** Byte offset of the state block in linear memory: the first argument of every data-plane function. */
  readonly address: number;
  readonly index: number;
  readonly view: DataView;

  constructor(buffer: ArrayBufferLike, address: number, index: number) {
    this.address = address;
    this.index = index;
    this.view = new DataView(buffer, address);
  }

  gpr(n: number): bigint {
    return this.view.getBigUint64(state.gpr.offset + 8 * n, true);
  }
  setGpr(n: number, value: bigint): void {
    this.view.setBigUint64(state.gpr.offset + 8 * n, value, true);
  }
  /** SPR by number, as stored (special SPRs such as DEC and TB are computed by the data plane). */
  spr(n: number): bigint {
    return this.view.getBigUint64(sprOffset(n), true);
  }
  setSpr(n: number, value: bigint): void {
    this.view.setBigUint64(sprOffset(n), value, true);
  }
  get nip(): bigint {
    return this.view.getBigUint64(slotOffset.nip, true);
  }
  set nip(value: bigint) {
    this.view.setBigUint64(slotOffset.nip, value, true);
  }
  get msr(): bigint {
    return this.view.getBigUint64(slotOffset.msr, true);
  }
  /** Raw store; the engine's translation context is refreshed by `Engine.contextChanged`. */
  set msr(value: bigint) {
    this.view.setBigUint64(slotOffset.msr, value, true);
  }
  /** LPID of the guest's guest that runs; undefined when the guest itself does. */
  get nestedLpid(): number | undefined {
    if (this.view.getInt32(state.nested.offset, true) === 0) return undefined;
    return this.view.getUint32(state.nestedLpid.offset, true);
  }
  /** An SPR of the guest that the vCPU has put aside to run a guest of it. */
  outerSpr(n: OuterSpr): bigint {
    return this.view.getBigUint64(outerSprOffset(n), true);
  }
  setOuterSpr(n: OuterSpr, value: bigint): void {
    this.view.setBigUint64(outerSprOffset(n), value, true);
  }
  /** CR as 32 bits. */
  get cr(): number {
    let value = 0;
    for (let i = 0; i < 8; i++) value = (value << 4) | this.view.getUint8(state.cr.offset + i);
    return value >>> 0;
  }
  set cr(value: number) {
    for (let i = 0; i < 8; i++) this.view.setUint8(state.cr.offset + i, (value >>> (28 - 4 * i)) & 15);
  }
  get pending(): number {
    return this.view.getInt32(state.pending.offset, true);
  }
  /** Bits of `pendingInterrupt`. */
  set pending(bits: number) {
    this.view.setInt32(state.pending.offset, bits, true);
  }
}
