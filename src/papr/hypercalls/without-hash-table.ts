// Hash page table calls of a guest that has none. (PAPR, "HPT resizing")
import type { PlatformState } from '../platform-state.ts';
import { hypercallStatus as status } from './status.ts';
import type { HypercallHandler, HypercallHandlers } from './types.ts';

/**
 * What the resizing calls answer where nothing manages a hash page table. The hash MMU's own handlers, given to
 * `createPlatform` by name, replace them and add H_ENTER and its relatives.
 */
export function withoutHashTableHandlers(state: PlatformState): HypercallHandlers {
  const notAvailable: HypercallHandler = () =>
    state.environment.hptResize === 'disabled' ? status.H_AUTHORITY : status.H_NOT_AVAILABLE;
  return { H_RESIZE_HPT_PREPARE: notAvailable, H_RESIZE_HPT_COMMIT: notAvailable };
}
