// The command lines that are compared: Continuo, QEMU with its default firmware and with its light one, this machine itself.
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A program that runs a guest, or benchmark programs directly. */
export interface Subject {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** What a guest is booted from. */
export interface GuestFiles {
  readonly kernel: string;
  readonly initrd: string;
  readonly commandLine: string;
}

/** QEMU's program, and its package in Debian. */
export const qemuProgram = { name: 'qemu-system-ppc64', install: 'apt-get install qemu-system-ppc' } as const;

function guestOptions(machine: string, { kernel, initrd, commandLine }: GuestFiles): string[] {
  const fixed = ['-cpu', 'power9', '-accel', 'tcg', '-smp', '1', '-m', '1G', '-nographic', '-nodefaults'];
  const ends = ['-serial', 'stdio', '-monitor', 'none', '-no-reboot'];
  return ['-M', machine, ...fixed, ...ends, '-kernel', kernel, '-initrd', initrd, '-append', commandLine];
}

/** Continuo as a user starts it, with QEMU's options. */
export function continuo(guest: GuestFiles): Subject {
  const program = `${root}bin/continuo-system-ppc64`;
  return { name: 'continuo', command: process.execPath, args: [program, ...guestOptions('pseries', guest)] };
}

/** Continuo without its translator. */
export function interpreter(guest: GuestFiles): Subject {
  const program = fileURLToPath(new URL('interpreted-guest.js', import.meta.url));
  const args = [program, ...guestOptions('pseries', guest)];
  return { name: 'interpreter only', command: process.execPath, args };
}

/** QEMU. @param firmware its default one, or the one built into the machine (`x-vof=on`) */
export function qemu(guest: GuestFiles, firmware: 'default' | 'light'): Subject {
  const machine = firmware === 'light' ? 'pseries,x-vof=on' : 'pseries';
  return {
    name: firmware === 'light' ? 'qemu x-vof=on' : 'qemu',
    command: qemuProgram.name,
    args: guestOptions(machine, guest),
  };
}
