// What a service of the client interface is given and gives back: 32-bit cells. (IEEE 1275, section 6.3)
import type { GuestMemory } from '../../cpu/guest-memory.ts';
import type { CallEffect } from '../hypercalls/types.ts';
import type { PlatformState } from '../platform-state.ts';
import type { Instances } from './instances.ts';

/** The cell that stands for "none" or "failed". */
export const noValue = 0xffff_ffff;

/** What services work on. */
export interface ServiceContext {
  readonly state: PlatformState;
  readonly memory: GuestMemory;
  readonly instances: Instances;
  /** Index of the calling vCPU. */
  readonly caller: number;
}

/** Return cells, taken modulo 2^32; missing ones are 0. */
export type ServiceResult =
  | readonly number[]
  | {
      readonly returns: readonly number[];
      readonly effect: CallEffect;
    }
  /** The call itself fails: r3 = -1. */
  | undefined;

/** One service. */
export interface Service {
  /** The least number of argument cells; with fewer the call fails. */
  readonly arguments: number;
  /** `cells` are the arguments, at least as many as `arguments`. */
  readonly run: (context: ServiceContext, cells: readonly number[]) => ServiceResult;
}

/** Services by name. */
export type Services = Readonly<Record<string, Service>>;

/** Longest path or name that a client may pass. */
export const maximumText = 1024;

/** Writes up to `room` bytes of a text and its NUL; returns the full length, NUL included. */
export function putText(memory: GuestMemory, address: number, room: number, text: string): number {
  const bytes = Uint8Array.from([...text, '\0'], (character) => character.charCodeAt(0));
  memory.writeBytes(address, bytes.subarray(0, room));
  return bytes.length;
}
