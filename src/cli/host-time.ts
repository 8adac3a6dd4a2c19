// The host's wall clock, for -rtc.
import type { HostTime } from './plan-shared.ts';

/** The time now, in whole seconds, and how far local time is ahead of UTC. */
export function hostTime(): HostTime {
  const now = new Date();
  return { now: Math.floor(now.getTime() / 1000), localOffset: -60 * now.getTimezoneOffset() };
}
