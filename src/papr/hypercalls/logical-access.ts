// Accesses to real memory and devices on behalf of code that runs with translation off, and page operations.
// (PAPR, "H_LOGICAL_CI_LOAD", "H_PAGE_INIT"; the private memory operation)
import type { GuestMemory } from '../../cpu/guest-memory.ts';
import type { PlatformState } from '../platform-state.ts';
import { ramAddress } from '../real-address.ts';
import { hypercallStatus as status } from './status.ts';
import type { Hypercall, HypercallHandler, HypercallHandlers } from './types.ts';

const accessSizes: ReadonlySet<bigint> = new Set([1n, 2n, 4n, 8n]);

function load(memory: GuestMemory, address: number, size: number): bigint {
  if (size === 8) return memory.read64(address);
  if (size === 4) return BigInt(memory.read32(address));
  return BigInt(size === 2 ? memory.read16(address) : memory.read8(address));
}

function store(memory: GuestMemory, address: number, size: number, value: bigint): void {
  if (size === 8) memory.write64(address, value);
  else if (size === 4) memory.write32(address, Number(value & 0xffff_ffffn));
  else if (size === 2) memory.write16(address, Number(value & 0xffffn));
  else memory.write8(address, Number(value & 0xffn));
}

/** Size and address (the first two arguments), or undefined when no access has them. */
function access(call: Hypercall): { readonly size: number; readonly address: bigint } | undefined {
  const size = call.argument(0);
  const address = call.argument(1);
  if (!accessSizes.has(size) || address % size !== 0n) return undefined;
  return { size: Number(size), address };
}

const pageInitFlag = {
  zero: 0x8000n,
  copy: 0x4000n,
  cacheInvalidate: 0x80_0000n,
  cacheSynchronize: 0x40_0000n,
} as const;
const pageInitFlags = Object.values(pageInitFlag).reduce((all: bigint, bit) => all | bit, 0n);
const pageBytes = 4096;

function pageInit(call: Hypercall): bigint {
  const { memory } = call;
  const flags = call.argument(0);
  if ((flags & ~pageInitFlags) !== 0n) return status.H_PARAMETER;
  const page = (address: bigint): number | undefined =>
    address % BigInt(pageBytes) === 0n ? ramAddress(memory, address, pageBytes) : undefined;
  const destination = page(call.argument(1));
  if (destination === undefined) return status.H_PARAMETER;
  if ((flags & pageInitFlag.copy) !== 0n) {
    const source = page(call.argument(2));
    if (source === undefined) return status.H_PARAMETER;
    memory.writeBytes(destination, memory.readBytes(source, pageBytes));
  } else if ((flags & pageInitFlag.zero) !== 0n) memory.fill(destination, pageBytes, 0);
  return status.H_SUCCESS;
}

/** Copies `count` elements of 2^`shift` bytes; ranges may overlap. Operation 1 inverts each byte on its way. */
function memoryOperation(call: Hypercall): bigint {
  const destination = call.argument(0);
  const source = call.argument(1);
  const shift = call.argument(2);
  const count = call.argument(3);
  const operation = call.argument(4);
  if (shift > 3n || operation > 1n) return status.H_PARAMETER;
  const size = 1n << shift;
  if ((destination | source) % size !== 0n) return status.H_PARAMETER;
  const bytes = count * size;
  const to = ramAddress(call.memory, destination, bytes);
  const from = ramAddress(call.memory, source, bytes);
  if (to === undefined || from === undefined) return status.H_PARAMETER;
  const data = call.memory.readBytes(from, Number(bytes));
  if (operation === 1n) for (let i = 0; i < data.length; i++) data[i] = ~(data[i] ?? 0);
  call.memory.writeBytes(to, data);
  return status.H_SUCCESS;
}

export function logicalAccessHandlers({ services }: PlatformState): HypercallHandlers {
  const loadHandler: HypercallHandler = (call) => {
    const found = access(call);
    if (found === undefined) return status.H_PARAMETER;
    const { size, address } = found;
    const ram = ramAddress(call.memory, address, size);
    const value = ram === undefined ? services.deviceLoad(address, size) : load(call.memory, ram, size);
    if (value === undefined) return status.H_PARAMETER;
    call.setResult(0, value);
    return status.H_SUCCESS;
  };
  const storeHandler: HypercallHandler = (call) => {
    const found = access(call);
    if (found === undefined) return status.H_PARAMETER;
    const { size, address } = found;
    const value = BigInt.asUintN(8 * size, call.argument(2));
    const ram = ramAddress(call.memory, address, size);
    if (ram !== undefined) store(call.memory, ram, size, value);
    else if (!services.deviceStore(address, size, value)) return status.H_PARAMETER;
    return status.H_SUCCESS;
  };
  return {
    H_LOGICAL_CI_LOAD: loadHandler,
    H_LOGICAL_CI_STORE: storeHandler,
    H_LOGICAL_CACHE_LOAD: loadHandler,
    H_LOGICAL_CACHE_STORE: storeHandler,
    // Caches are coherent here.
    H_LOGICAL_ICBI: () => status.H_SUCCESS,
    H_LOGICAL_DCBF: () => status.H_SUCCESS,
    H_PAGE_INIT: pageInit,
    H_LOGICAL_MEMOP: memoryOperation,
  };
}
