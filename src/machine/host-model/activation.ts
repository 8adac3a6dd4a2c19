// The steps by which a machine takes an interrupt controller of its host's kernel into use, each with its way back.
import type { ControllerMode } from '../../interrupts/controller.ts';
import type { KernelDevices } from './kernel-devices.ts';
import type { Step } from './transaction.ts';

/** What is connected to a controller. */
export interface Connected {
  /** Server numbers of the vCPUs. */
  readonly servers: readonly number[];
  /** Numbers of the sources. */
  readonly sources: readonly number[];
  /** Tokens of the four RTAS calls of XICS, by name. */
  readonly tokens: Readonly<Record<string, number>>;
}

/** The RTAS calls that an in-kernel XICS handles. */
export const xicsRtasNames = ['ibm,set-xive', 'ibm,get-xive', 'ibm,int-off', 'ibm,int-on'] as const;

const flagNames = ['irqchip-in-kernel', 'direct-msi', 'irqfd'] as const;

function deviceStep(kernel: KernelDevices, kind: ControllerMode): Step {
  return { name: `create ${kind}`, perform: () => kernel.create(kind), undo: () => kernel.close() };
}

function presenterSteps(kernel: KernelDevices, { servers }: Connected): Step[] {
  return servers.map((server) => ({
    name: `connect vCPU ${server}`,
    perform: () => kernel.connect(server),
    undo: () => kernel.disconnect(server),
  }));
}

function sourceSteps(kernel: KernelDevices, { sources }: Connected): Step[] {
  return sources.map((irq) => ({
    name: `source ${irq}`,
    perform: () => kernel.addSource(irq),
    undo: () => kernel.removeSource(irq),
  }));
}

function tokenSteps(kernel: KernelDevices, { tokens }: Connected): Step[] {
  return Object.entries(tokens).map(([name, token]) => ({
    name: `token ${name}`,
    perform: () => kernel.defineToken(name, token),
    undo: () => void kernel.defineToken(name, 0),
  }));
}

function mapStep(kernel: KernelDevices, name: string): Step {
  return { name: `map ${name}`, perform: () => kernel.map(name), undo: () => kernel.unmap(name) };
}

/** Told last, so that nobody relies on a device that is half there. */
function flagSteps(kernel: KernelDevices): Step[] {
  return flagNames.map((name) => ({
    name,
    perform: () => void kernel.flag(name, true),
    undo: () => kernel.flag(name, false),
  }));
}

/** All steps for one controller, in order. */
export function activationSteps(kernel: KernelDevices, kind: ControllerMode, connected: Connected): readonly Step[] {
  const device = deviceStep(kernel, kind);
  const parts = [...presenterSteps(kernel, connected), ...sourceSteps(kernel, connected)];
  return kind === 'xics'
    ? [...tokenSteps(kernel, connected), device, ...parts, ...flagSteps(kernel)]
    : [device, mapStep(kernel, 'ESB'), mapStep(kernel, 'TIMA'), ...parts, ...flagSteps(kernel)];
}
